//go:build !linux

package stub

import "time"

// sleepUntil returns when the delay has passed since began.
func sleepUntil(began time.Time, delay time.Duration) { time.Sleep(delay - time.Since(began)) }
