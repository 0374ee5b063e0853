package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// quotaPeriod is how often a process gets its share anew. Of 7 % of a core it is
// 1.4 ms each time: the kernel gives no less than 1 ms.
const quotaPeriod = 20 * time.Millisecond

// quota is a control group that limits processes to a share of one core.
type quota struct {
	folder string
	second bool // version 2 of control groups
}

// newQuota creates a group with that share, in percent. Its error says why this
// machine does not support it.
func newQuota(percent float64) (*quota, error) {
	share := time.Duration(percent / 100 * float64(quotaPeriod))
	if share < time.Millisecond {
		return nil, fmt.Errorf("%v %% of a core is less than a process can be given", percent)
	}
	candidates, err := controlGroups()
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, candidate := range candidates {
		made, err := candidate.make(share)
		if err == nil {
			return made, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(append([]error{errors.New("control groups cannot be used here")}, problems...)...)
}

// groupFolder is a folder in which a group can be created.
type groupFolder struct {
	folder string
	second bool
}

func (p groupFolder) make(share time.Duration) (*quota, error) {
	q := &quota{folder: filepath.Join(p.folder, "bench-"+strconv.Itoa(os.Getpid())), second: p.second}
	if p.second {
		// The result does not matter: the file below exists or not.
		_ = os.WriteFile(filepath.Join(p.folder, "cgroup.subtree_control"), []byte("+cpu"), 0o600)
	}
	if err := os.Mkdir(q.folder, 0o750); err != nil {
		return nil, err
	}
	files := map[string]string{
		"cpu.cfs_period_us": strconv.FormatInt(quotaPeriod.Microseconds(), 10),
		"cpu.cfs_quota_us":  strconv.FormatInt(share.Microseconds(), 10),
	}
	if p.second {
		files = map[string]string{"cpu.max": fmt.Sprintf("%d %d", share.Microseconds(), quotaPeriod.Microseconds())}
	}
	for name, value := range files {
		file, err := os.OpenFile(filepath.Join(q.folder, name), os.O_WRONLY, 0)
		if err == nil {
			_, err = file.WriteString(value)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			q.close()
			return nil, err
		}
	}
	return q, nil
}

// controlGroups lists the folders in which a group with a share of the processor
// can be created, from the kernel's list of mounts.
func controlGroups() ([]groupFolder, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	var candidates []groupFolder
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		mount, filesystem := strings.Fields(before), strings.Fields(after)
		if len(mount) < 5 || len(filesystem) < 3 {
			continue
		}
		switch {
		case filesystem[0] == "cgroup" && has(filesystem[2], "cpu"):
			candidates = append(candidates, groupFolder{folder: filepath.Join(mount[4], ownGroup(string(own), "cpu"))})
		case filesystem[0] == "cgroup2":
			candidates = append(candidates,
				groupFolder{folder: filepath.Join(mount[4], ownGroup(string(own), "")), second: true},
				groupFolder{folder: mount[4], second: true})
		}
	}
	if len(candidates) == 0 {
		return nil, errors.New("no control groups are mounted")
	}
	return candidates, nil
}

// ownGroup is the group that this process is in, of a controller or of version 2.
func ownGroup(text, controller string) string {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && has(parts[1], controller) {
			return parts[2]
		}
	}
	return "/"
}

func has(list, item string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == item {
			return true
		}
	}
	return false
}

// launch starts a process within the group, from its first instruction.
func (q *quota) launch(command *exec.Cmd) error {
	if q.second {
		folder, err := os.Open(q.folder)
		if err != nil {
			return err
		}
		defer func() { _ = folder.Close() }()
		command.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(folder.Fd())}
		return command.Start()
	}
	// In version 1 a process begins in the group of the thread that starts it,
	// which goes there and back. Where it cannot come back, it stays locked and
	// ends with its goroutine.
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		thread := []byte(strconv.Itoa(unix.Gettid()))
		err := os.WriteFile(filepath.Join(q.folder, "tasks"), thread, 0o600)
		if err == nil {
			err = command.Start()
			if os.WriteFile(filepath.Join(filepath.Dir(q.folder), "tasks"), thread, 0o600) == nil {
				runtime.UnlockOSThread()
			}
		}
		started <- err
	}()
	return <-started
}

// close removes the group. Processes that it held must have ended.
func (q *quota) close() {
	for range 50 { // the thread that started the last one may take a moment to end
		if os.Remove(q.folder) == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
