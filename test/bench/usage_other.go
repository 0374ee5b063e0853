//go:build !linux

package bench

import (
	"errors"
	"fmt"
	"time"
)

// errNotHere is why only time is measured here.
var errNotHere = fmt.Errorf("bench: CPU, memory and quotas need Linux: %w", errors.ErrUnsupported) //nolint:gochecknoglobals // an error to match

func processCPU(int) (time.Duration, error) { return 0, errNotHere }

func peakMemory(int) (int64, error) { return 0, errNotHere }

func machineBusy() (busy, stolen time.Duration, err error) { return 0, 0, errNotHere }
