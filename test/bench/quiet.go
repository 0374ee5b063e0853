package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"
)

const (
	// quietShare is how much of all cores may be busy on a quiet machine.
	quietShare = 0.05
	// quietFor is how many seconds in a row it must be.
	quietFor = 3
)

// awaitQuiet waits until the machine does nothing else, up to the allowed time. It
// reports whether that was so, and how busy the machine was last.
func awaitQuiet(ctx context.Context, limit time.Duration, progress io.Writer) (quiet bool, busy float64, err error) {
	began := time.Now()
	inRow := 0
	for {
		busy, err = busyShare(ctx, time.Second)
		if err != nil {
			return false, 0, err
		}
		if busy < quietShare {
			if inRow++; inRow == quietFor {
				return true, busy, nil
			}
		} else {
			inRow = 0
		}
		if time.Since(began) > limit {
			return false, busy, nil
		}
		fmt.Fprintf(progress, "bench: waiting for a quiet machine: %.0f %% busy, %s of %s\n", busy*100, time.Since(began).Round(time.Second), limit)
	}
}

// busyShare is the share of all cores that was busy during that time.
func busyShare(ctx context.Context, during time.Duration) (float64, error) {
	before, _, err := machineBusy()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(during):
	}
	after, _, err := machineBusy()
	if err != nil {
		return 0, err
	}
	return float64(after-before) / float64(time.Since(began)) / float64(runtime.NumCPU()), nil
}
