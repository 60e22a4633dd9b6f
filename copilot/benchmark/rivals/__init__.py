"""`copilot eval bench --rivals`: the same retrieval job on this library, txtai and Haystack, side by side.

A *library* is one of the three, a *job* is what it is asked to do, a *task* is everything a process needs for it. A
*searcher* is a library opened in a process, a *worker* that process, a *duel* this library against one of the others.
`material` makes documents, messages and vectors, `recall` knows the exact neighbours, `report` prints.
"""
