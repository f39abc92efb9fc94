"""Never ends by itself: has to be ended when its time is up."""

while True:
    pass
