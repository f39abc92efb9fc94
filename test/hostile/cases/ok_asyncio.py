# does: tasks, time-outs, a subprocess and signals in asyncio

import asyncio, sys
async def main():
    assert await asyncio.gather(*(asyncio.sleep(0.01, n) for n in range(3))) == [0, 1, 2]
    child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "print(6*7)", stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    assert out == b"42\n", out
    sleeper = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "import time; time.sleep(20)")
    sleeper.terminate()
    assert await sleeper.wait() == -15
    print("WORKS")
asyncio.run(main())
