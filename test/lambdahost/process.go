package lambdahost

// PID is the process ID of the function, for measurements.
func (h *Host) PID() int { return h.command.Process.Pid }
