// Stub is the source account of a benchmark as a process. It says on one line
// of standard output, in JSON, where it is reached, and ends with its standard
// input.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"cognito-user-migration/test/bench/stub"
)

func main() {
	// Collect rarely: a collection here would count as a program's delay.
	debug.SetGCPercent(800)
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout io.Writer) error {
	server, err := stub.Start()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(server.Addresses()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}
