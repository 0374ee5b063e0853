package main

import (
	"context"

	"cognito-user-migration/app/demo"

	"github.com/spf13/pflag"
)

// demoCommand shows a few attempts by sample users.
func demoCommand() command {
	var asJSON bool
	return command{
		name:    "demo",
		summary: "show the result of a few attempts by built-in sample users",
		purpose: `Shows what Cognito would be told about built-in sample users, and which users it
would create. It needs no AWS account and reads no environment variable.`,
		examples: [2]string{"bin/migratectl demo", "bin/migratectl demo --json"},
		failure:  "the demonstration failed",
		flags:    func(flags *pflag.FlagSet) { flags.BoolVar(&asJSON, "json", false, "print one JSON array") },
		run: func(ctx context.Context, s streams, _ string) error {
			return demo.Run(ctx, s.out, asJSON)
		},
	}
}
