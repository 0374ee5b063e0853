// Demo shows the function with sample users; it needs only Go: `make run`. It
// lists only the file source, so it compiles a small part of the project.
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
