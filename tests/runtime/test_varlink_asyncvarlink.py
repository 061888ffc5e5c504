"""The control socket and the client of the package asyncvarlink."""

import asyncio
import collections.abc
import typing

import asyncvarlink
import pytest
from asyncvarlink.serviceinterface import VarlinkServiceInterface
from varlink_bench import CHANGED, serving

from vehicle.runtime.varlink_methods import CHARGELOCK, SERVICE, description_of

# asyncvarlink reads annotations as they are, so this file must not make text of them.


class BadSetting(asyncvarlink.TypedVarlinkErrorReply, interface=CHARGELOCK):
    class Parameters:
        message: str


class _Changed(typing.TypedDict):
    settings: dict[str, str]
    gives_up: list[str]


class _Step(typing.TypedDict):
    step: str
    words: str
    done: bool
    result: str | None


class ChargeLock(asyncvarlink.VarlinkInterface, name=CHARGELOCK):
    """What asyncvarlink needs to know: it reads no interface file."""

    errors = (BadSetting,)

    @asyncvarlink.varlinkmethod
    def SetSetting(self, *, key: str, value: str) -> _Changed: ...  # noqa: N802

    @asyncvarlink.varlinkmethod
    def Unlatch(self) -> collections.abc.Iterator[_Step]:  # noqa: N802
        yield typing.cast(_Step, None)


def test_the_asyncvarlink_package_discovers_and_calls(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            transport, protocol = await asyncvarlink.connect_unix_varlink(
                asyncvarlink.VarlinkClientProtocol, bench.path
            )
            service = protocol.make_proxy(VarlinkServiceInterface)
            assert (await service.GetInfo())["interfaces"] == [CHARGELOCK, SERVICE]
            told = await service.GetInterfaceDescription(interface=CHARGELOCK)
            assert told["description"] == description_of(CHARGELOCK)
            car = protocol.make_proxy(ChargeLock)
            assert await car.SetSetting(key="auto-lock", value="off") == CHANGED
            with pytest.raises(BadSetting) as bad:
                await car.SetSetting(key="auto-lok", value="off")
            assert bad.value.p_message == "unknown key 'auto-lok'"
            assert [step["done"] async for step in car.Unlatch()] == [False, True]
            # its client sends at most 1,024 messages at once (IOV_MAX)
            answers = await asyncio.gather(
                *(car.SetSetting(key="auto-lock", value="off") for _ in range(500))
            )
            assert answers == [CHANGED] * 500
            transport.close()
            await transport.closed_future

    asyncio.run(story())
