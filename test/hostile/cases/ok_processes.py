# does: processes with pipes and queues

import multiprocessing
def work(pipe, box):
    pipe.send(6 * 7)
    box.put("done")
if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    box = multiprocessing.Queue()
    child = multiprocessing.Process(target=work, args=(theirs, box))
    child.start()
    assert ours.recv() == 42 and box.get() == "done"
    child.join()
    print("WORKS")
