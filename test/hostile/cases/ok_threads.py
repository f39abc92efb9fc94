# does: threads, a queue, a pool of threads

import concurrent.futures, queue, threading
box = queue.Queue()
workers = [threading.Thread(target=box.put, args=(n,)) for n in range(8)]
[w.start() for w in workers]
[w.join() for w in workers]
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert sorted(pool.map(abs, range(-4, 0))) == [1, 2, 3, 4]
assert sorted(box.queue) == list(range(8))
print("WORKS")
