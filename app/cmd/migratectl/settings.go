package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"cognito-user-migration/app/config"
	"cognito-user-migration/app/trial"

	"github.com/spf13/pflag"
)

// settingsCommand lists the variables of the function.
func settingsCommand() command {
	var asJSON bool
	return command{
		name:    "settings",
		summary: "list the environment variables",
		purpose: `Lists every environment variable that the function and this tool read: what it
takes and its default. docs/settings.md describes them.`,
		examples: [2]string{"bin/migratectl settings", "bin/migratectl settings --json"},
		failure:  "standard output cannot be written",
		flags:    func(flags *pflag.FlagSet) { flags.BoolVar(&asJSON, "json", false, "print one JSON array") },
		run: func(_ context.Context, s streams, _ string) error {
			return listSettings(s, asJSON)
		},
	}
}

// listSettings lists every variable, from the structs that parse them.
func listSettings(s streams, asJSON bool) error {
	all := config.Describe(binary().Sources)
	if asJSON {
		return trial.WriteJSON(s.out, all)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VARIABLE\tKIND\tTAKES\tDEFAULT")
	for _, setting := range all {
		standard := setting.Default
		if setting.Required {
			standard = "(required)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", setting.Variable, setting.Kind, setting.Takes, standard)
	}
	return table.Flush()
}
