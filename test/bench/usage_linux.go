package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the time that a process has had on all cores, all its threads
// together, those that have ended too. The kernel counts nanoseconds; the ticks
// of /proc/PID/stat are ten milliseconds, longer than what is measured.
func processCPU(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: time that the scheduler gave
	var span unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &span); err != nil { //nolint:gosec // a process ID has 22 bits
		return 0, fmt.Errorf("bench: CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(span.Nano()), nil
}

// peakMemory is the most that a process has had in memory, in bytes. (Not
// ru_maxrss: it begins with the memory of the process that started it.)
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("bench: memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("bench: memory: no VmHWM")
}

// machineBusy is the time that all cores together were not idle, and what of it
// a hypervisor kept for itself.
func machineBusy() (busy, stolen time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("bench: %w", err)
	}
	line, err := bufio.NewReader(bytes.NewReader(text)).ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("bench: /proc/stat: %w", err)
	}
	// cpu user nice system idle iowait irq softirq steal …, in hundredths of a second
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, 0, fmt.Errorf("bench: /proc/stat begins with %q", line)
	}
	const tick = 10 * time.Millisecond
	for i, field := range fields[1:9] {
		count, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("bench: /proc/stat: %w", err)
		}
		switch i {
		case 3, 4: // idle, waiting for a disk
		case 7:
			stolen = time.Duration(count) * tick
			busy += stolen
		default:
			busy += time.Duration(count) * tick
		}
	}
	return busy, stolen, nil
}
