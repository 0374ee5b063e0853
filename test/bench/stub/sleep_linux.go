package stub

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// sleepUntil returns when the delay has passed since began, to some microseconds. The
// runtime's own timers wait in epoll, which counts milliseconds. So on an idle
// process they wake up to a millisecond late, a third of the delay of a
// measurement.
func sleepUntil(began time.Time, delay time.Duration) {
	left := delay - time.Since(began)
	if left <= 0 {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The kernel may be late by the thread's slack, 50 µs unless told otherwise.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	for left > 0 {
		span := unix.NsecToTimespec(left.Nanoseconds())
		_ = unix.Nanosleep(&span, nil) // a signal ends it early, and the loop goes on
		left = delay - time.Since(began)
	}
}
