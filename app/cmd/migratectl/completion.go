package main

import (
	"context"
)

// completionCommand prints the script by which a shell completes the tool's
// commands and flags.
func completionCommand() command {
	return command{
		name:    "completion",
		summary: "print the completion script for bash, zsh or fish",
		purpose: `Prints a script. A shell that reads it completes the tool's commands and flags.
SHELL is bash, zsh or fish.`,
		argument: "SHELL",
		choices:  []string{"bash", "zsh", "fish"},
		examples: [2]string{
			"source <(bin/migratectl completion bash)",
			"bin/migratectl completion fish > ~/.config/fish/completions/migratectl.fish",
		},
		failure: "standard output cannot be written",
		run: func(ctx context.Context, s streams, shell string) error {
			root := newRoot(ctx, s)
			switch shell {
			case "zsh":
				return root.GenZshCompletion(s.out)
			case "fish":
				return root.GenFishCompletion(s.out, true)
			default:
				return root.GenBashCompletionV2(s.out, true)
			}
		},
	}
}
