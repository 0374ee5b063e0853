//go:build !linux

package bench

import "os/exec"

type quota struct{}

func newQuota(float64) (*quota, error) { return nil, errNotHere }

func (*quota) launch(command *exec.Cmd) error { return command.Start() }

func (*quota) close() {}
