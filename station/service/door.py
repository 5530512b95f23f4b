"""The door of a service: a loopback socket, tokens, and the limits of what a client may do to it.

Everything runs in the loop of the service. A client without a token gets one line to show it in, of limited length and
time, and there are few of them at once: who comes last goes before who came first and has said nothing.
"""

import asyncio
import contextlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tsbench.station.runner.messages import VERSION, read_object
from tsbench.station.service.answers import RequestAnswers, RequestRefused
from tsbench.station.service.faces import CONTROL, VIEW, Face, line_of
from tsbench.station.service.requests import LONGEST, LOOKING, REQUESTS
from tsbench.storage.run_address import write_address

_HOST = "127.0.0.1"
_GREETING = 5.0  #: [s] for the first line of a client
_MOST_STRANGERS = 32  #: connections at once that have not shown a token
_MOST_FACES = 64
_ANSWERS = 1000  #: lines that a client may leave unread and still ask something


class Hearing(Protocol):
    """Who wants to know which clients come and go."""

    def admitted(self, face: Face) -> None:
        """A client has shown its token."""

    def gone(self, face: Face) -> None:
        """A client has left."""


class Door:
    """Listens, and lets in who has a token.

    Parameters
    ----------
    address : Path
        Of the address file, readable for this user alone.
    facts : mapping
        What it says beside host, port and tokens.
    hearing : Hearing
    answers : RequestAnswers
        Carries out the requests.
    """

    def __init__(self, address: Path, facts: Mapping[str, Any], hearing: Hearing, answers: RequestAnswers) -> None:
        self._address, self._facts, self._hearing, self._answers = address, dict(facts), hearing, answers
        self._tokens = {CONTROL: secrets.token_hex(32), VIEW: secrets.token_hex(32)}
        self._strangers: dict[asyncio.StreamWriter, None] = {}  #: the first has come first
        self.faces: list[Face] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen and write the address file.

        Raises
        ------
        OSError
            There is no loopback, or the file cannot be written.
        """
        self._server = await asyncio.start_server(self._serve, _HOST, 0, limit=LONGEST)
        port = self._server.sockets[0].getsockname()[1]
        write_address(self._address, {
            "version": VERSION, **self._facts, "process": os.getpid(), "host": _HOST, "port": port,
            "token": self._tokens[CONTROL], "view_token": self._tokens[VIEW]})

    async def close(self) -> None:
        """Let no more clients in and remove the address file; those that are there read what is left."""
        self._address.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        faces, self.faces = self.faces, []
        await asyncio.gather(*(face.close() for face in faces))

    def tell_all(self, kind: str, message: str, data: Any) -> None:
        """Send a line to every client."""
        line = line_of(kind, message, data)
        for face in self.faces:
            face.pass_on(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Check a client's greeting, then do its requests until it closes."""
        face: Face | None = None
        try:
            face = await self._let_in(reader, writer)
            while face is not None and (line := await reader.readline()):
                await self._do(face, line)
                await asyncio.sleep(0)  # a client with many requests leaves the others their turns
                while face.behind > _ANSWERS and face in self.faces:
                    await asyncio.sleep(0.05)  # it asks and does not read
        except (OSError, ValueError):  # it has gone, or its line is too long
            pass
        finally:
            self._strangers.pop(writer, None)
            if face is not None:
                if face in self.faces:
                    self.faces.remove(face)
                await face.close(0.5)
                self._hearing.gone(face)
            with contextlib.suppress(OSError):
                writer.close()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Face | None:
        while len(self._strangers) >= _MOST_STRANGERS:
            first = next(iter(self._strangers))
            del self._strangers[first]
            first.transport.abort()
        self._strangers[writer] = None
        try:
            async with asyncio.timeout(_GREETING):
                greeting = read_object(await reader.readline()) or {}
        except TimeoutError:
            return None
        may, refusal = self._judge(greeting)
        if refusal:
            writer.write(line_of("refused", refusal, {"version": VERSION}))
            return None
        self._strangers.pop(writer, None)
        face = Face(writer, may)
        face.say("welcome", str(self._facts["bench"]), version=VERSION, process=os.getpid(), may=may,
                 service=True, requests=list(REQUESTS if may == CONTROL else LOOKING))
        self.faces.append(face)
        self._hearing.admitted(face)
        return face

    def _judge(self, greeting: Mapping[str, Any]) -> tuple[str, str]:
        """Return what a client may do, and why it is refused."""
        shown = greeting.get("token")
        token = shown.encode("utf-8", "replace") if isinstance(shown, str) else b""
        rights = [may for may, known in self._tokens.items() if hmac.compare_digest(token, known.encode())]
        if not rights:
            return "", "the token does not belong to this bench service"
        if greeting.get("version") != VERSION:
            return "", f"this bench service uses version {VERSION} of the messages, not {greeting.get('version')!r:.40}"
        if len(self.faces) >= _MOST_FACES:
            return "", f"{_MOST_FACES} clients are attached to this bench service already"
        return rights[0], ""

    async def _do(self, face: Face, line: bytes) -> None:
        """Carry out one request, and answer it."""
        asked = read_object(line) or {}
        request = asked.get("request")
        known = request if isinstance(request, str) else ""
        identifier = asked.get("id")
        identifier = identifier if isinstance(identifier, int | str) and len(str(identifier)[:101]) <= 100 else None
        try:
            if known not in REQUESTS:
                raise ValueError(f"{request!r:.60} is not a request. The requests are {', '.join(REQUESTS)}")
            if face.may != CONTROL and known not in LOOKING:
                raise ValueError(f"this client may only look on, so it cannot ask for '{known}'")
            reply = await self._answers.answer(face, known, asked)
        except (ValueError, OSError) as error:
            kind = {"error": error.error} if isinstance(error, RequestRefused) else {}
            face.say("answer", str(error), id=identifier, request=known, accepted=False, **kind)
        else:
            face.say("answer", known, id=identifier, request=known, accepted=True, **reply.data)
            reply.then()

