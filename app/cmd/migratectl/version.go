package main

import (
	"context"
	"fmt"
)

// versionCommand prints the version.
func versionCommand() command {
	return command{
		name:     "version",
		summary:  "print the version",
		purpose:  "Prints the version of the tool, as --version does.",
		examples: [2]string{"bin/migratectl version", "bin/migratectl --version"},
		failure:  "standard output cannot be written",
		run: func(_ context.Context, s streams, _ string) error {
			_, err := fmt.Fprintln(s.out, version)
			return err
		},
	}
}
