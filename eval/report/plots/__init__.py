"""Plots as inline SVG: coloured by the page's style sheet, readable in light, in dark and on paper."""
