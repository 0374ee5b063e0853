// Demo shows the function at work on sample users, with Go alone: `make run`.
// It lists the file source only, and so compiles a small part of what there is.
package main

import (
	"context"
	"fmt"
	"os"

	"cognito-user-migration/app/demo"
)

func main() {
	if err := demo.Run(context.Background(), os.Stdout, false); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
