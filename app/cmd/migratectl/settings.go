package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"text/tabwriter"

	"cognito-user-migration/app/config"
)

// settings lists every variable, from the structs that parse them.
func settings(_ context.Context, args []string, s streams) error {
	flags := flag.NewFlagSet("settings", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print one JSON array")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	all := config.Describe(binary().Sources)
	if *asJSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(all)
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
