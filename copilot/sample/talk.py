"""Puts an encounter into words: who writes what, in which language, how many seconds apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from copilot.sample import phrases
from copilot.sample.brand import Script, Shop
from copilot.sample.conversation import Message, Role
from copilot.sample.dice import Dice
from copilot.sample.encounters import Answer, Encounter
from copilot.sample.paraphrase import paraphrase, traditional
from copilot.sample.people import Customer
from copilot.sample.slots import Facts, fill

EDIT_ODDS = 0.2


class Writer:
    """Writes the messages of one encounter after another."""

    def __init__(self, shop: Shop, dice: Dice, members: Sequence[Customer]) -> None:
        self._shop = shop
        self._dice = dice
        self._members = [member for member in members if member.language != "en"]

    def messages(self, encounter: Encounter, *, converted: bool, satisfied: bool) -> list[Message]:
        """The messages in the order of time, at least one from each side; they end as the outcome was."""
        chat = Chat(encounter, self._dice)
        self._greet(chat)
        for answer in encounter.answers:
            self._question(chat, answer)
            self._chatter(chat)
            self._answer(chat, answer)
            self._react(chat)
        self._close(chat, converted=converted, satisfied=satisfied)
        return chat.messages

    def _greet(self, chat: "Chat") -> None:
        english, dice = chat.english, self._dice
        if dice.chance(0.15 if chat.encounter.answers[0].topic.stage == "获客" else 0.45):
            chat.customer_says(dice.pick(phrases.ENGLISH_HELLO if english else phrases.CUSTOMER_HELLO))
            if dice.chance(0.6):
                chat.agent_says(self._stock(chat, phrases.ENGLISH_AGENT_HELLO if english else phrases.AGENT_HELLO))

    def _question(self, chat: "Chat", answer: Answer) -> None:
        language = chat.encounter.customer.language
        chat.product = answer.product
        trigger = self._dice.pick(answer.topic.triggers)
        mention = ""
        if answer.topic.names_products:
            mention = answer.product.sku if chat.english else answer.product.name
        for text in paraphrase(self._dice, trigger, language=language, mention=mention):
            chat.customer_says(text)

    def _chatter(self, chat: "Chat") -> None:
        """In a group, others put in a word before the agent gets to it."""
        if chat.encounter.scene != "group":
            return
        for _ in range(self._dice.between(1, 3)):
            member = self._dice.pick(self._members)
            if member.customer_id != chat.encounter.customer.customer_id:
                chat.member_says(member, self._dice.pick(phrases.GROUP_CHATTER))

    def _answer(self, chat: "Chat", answer: Answer) -> None:
        if answer.script is None:
            self._typed_answer(chat, answer)
            return
        text = self._rendered(chat, answer.script)
        if self._dice.chance(EDIT_ODDS):
            text = self._edited(text)
        chat.agent_says(text, script_id=answer.script.id)

    def _typed_answer(self, chat: "Chat", answer: Answer) -> None:
        """What comes to the agent's mind: a stock sentence, or the first one of the product page."""
        about = answer.topic.names_products
        if about and not chat.english and self._dice.chance(0.35):
            chat.agent_says(f"{answer.product.name}：{answer.product.description.split('。')[0]}")
        elif about and not chat.english and self._dice.chance(0.6):
            chat.agent_says(self._stock(chat, phrases.FREEHAND_PRODUCT))
        else:
            chat.agent_says(self._stock(chat, _typed(chat, answer.topic.stage)))

    def _react(self, chat: "Chat") -> None:
        throw, english = self._dice.unit(), chat.english
        if throw < 0.45:
            chat.customer_says(self._dice.pick(phrases.ENGLISH_ACK if english else phrases.CUSTOMER_ACK))
        elif throw < 0.6 and chat.encounter.cause.goal == "conversion":
            chat.customer_says(self._dice.pick(phrases.ENGLISH_DOUBT if english else phrases.CUSTOMER_DOUBT))
            chat.agent_says(self._stock(chat, phrases.ENGLISH_REASSURE if english else phrases.AGENT_REASSURE))

    def _close(self, chat: "Chat", *, converted: bool, satisfied: bool) -> None:
        english, chat.product = chat.english, chat.encounter.product
        for_service = chat.encounter.cause.goal == "satisfaction"
        if for_service and self._dice.chance(0.6):
            chat.customer_says(self._dice.pick(_verdicts(english=english, satisfied=satisfied)))
        if converted:
            chat.customer_says(self._stock(chat, phrases.ENGLISH_BUYS if english else phrases.CUSTOMER_BUYS))
            chat.agent_says(self._stock(chat, phrases.ENGLISH_THANKS if english else phrases.AGENT_THANKS))
        elif not for_service and self._dice.chance(0.7):
            chat.customer_says(self._dice.pick(phrases.ENGLISH_LEAVES if english else phrases.CUSTOMER_LEAVES))
            if self._dice.chance(0.8):
                chat.agent_says(self._dice.pick(phrases.ENGLISH_BYE if english else phrases.AGENT_BYE))

    def _stock(self, chat: "Chat", sentences: Sequence[str]) -> str:
        """One of the sentences that this conversation has not used yet, filled in."""
        encounter = chat.encounter
        fresh = [sentence for sentence in sentences if sentence not in chat.used]
        sentence = self._dice.pick(fresh or sentences)
        chat.used.add(sentence)
        return sentence.format(
            name=encounter.customer.name,
            agent=encounter.agent.name,
            product=chat.product.name,
            price=f"{chat.product.price:g}",
            category=chat.product.category,
        )

    def _rendered(self, chat: "Chat", script: Script) -> str:
        encounter = chat.encounter
        facts = Facts(encounter.customer, chat.product, encounter.agent.name, self._shop, encounter.last_order)
        return fill(script.text, facts)

    def _edited(self, text: str) -> str:
        """The small changes agents make before sending."""
        for usual, other in phrases.EDITS:
            if usual in text and self._dice.chance(0.35):
                text = text.replace(usual, other, 1)
        return text


def _typed(chat: "Chat", stage: str) -> Sequence[str]:
    return phrases.ENGLISH_FREEHAND if chat.english else phrases.FREEHAND[stage]


def _verdicts(*, english: bool, satisfied: bool) -> Sequence[str]:
    if english:
        return phrases.ENGLISH_PLEASED if satisfied else phrases.ENGLISH_CROSS
    return phrases.CUSTOMER_PLEASED if satisfied else phrases.CUSTOMER_CROSS


class Chat:
    """The messages written so far, the product just meant, and the clock of the conversation."""

    def __init__(self, encounter: Encounter, dice: Dice) -> None:
        self.encounter = encounter
        self.messages: list[Message] = []
        self.used: set[str] = set()
        self.product = encounter.product
        self._dice = dice
        self._at = encounter.at

    @property
    def english(self) -> bool:
        """Whether this conversation is in English."""
        return self.encounter.customer.language == "en"

    def customer_says(self, text: str) -> None:
        """The customer writes; quickly when going on with a burst."""
        self._add("customer", self._own_script(text), self.encounter.customer.customer_id)

    def member_says(self, member: Customer, text: str) -> None:
        """Someone else of the group writes."""
        words = traditional(text) if member.language == "zh-Hant" else text
        self._add("customer", words, member.customer_id)

    def agent_says(self, text: str, *, script_id: str = "") -> None:
        """The agent writes, to a traditional-script customer in their characters."""
        self._add("agent", self._own_script(text), self.encounter.agent.agent_id, script_id=script_id)

    def _own_script(self, text: str) -> str:
        return traditional(text) if self.encounter.customer.language == "zh-Hant" else text

    def _add(self, role: Role, text: str, sender_id: str, *, script_id: str = "") -> None:
        sender = sender_id if self.encounter.scene == "group" else ""
        self.messages.append(Message(role, text, self._tick(role), script_id=script_id, sender_id=sender))

    def _tick(self, role: Role) -> datetime:
        if self.messages:
            same = self.messages[-1].role == role
            low, high = (2, 15) if same else (12, 150) if role == "agent" else (6, 120)
            self._at += timedelta(seconds=self._dice.between(low, high))
        return self._at
