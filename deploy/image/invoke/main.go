// Command invoke runs a command as Lambda runs a function, hands it one event from
// the standard input, and prints the answer. The image test uses it on a container;
// it is no part of the product. Of this repository it imports only the end-to-end
// tests' host.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"cognito-user-migration/test/lambdahost"
)

// patience is what starting a container and one answer may take on a busy machine.
const patience = time.Minute

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "invoke:", err)
		os.Exit(1)
	}
}

func run(command []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	if len(command) == 0 {
		return errors.New("usage: invoke COMMAND [ARGUMENT...] <event.json")
	}
	event, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	host, err := lambdahost.Start(lambdahost.Config{Path: command[0], Args: command[1:], Env: ours()})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, host.Close())
		_, _ = fmt.Fprint(stderr, host.Stdout(), host.Stderr())
	}()

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := host.Ready(ctx); err != nil {
		return err
	}
	result, err := host.Invoke(ctx, event)
	if err != nil {
		return err
	}
	if result.FunctionError != "" {
		return fmt.Errorf("%s: %s", result.FunctionError, result.Payload)
	}
	_, err = fmt.Fprintln(stdout, strings.TrimSpace(string(result.Payload)))
	return err
}

// ours is what of this environment is meant for the function, or for the script that runs it.
func ours() []string {
	var env []string
	for _, variable := range os.Environ() {
		for _, family := range []string{"MIGRATE_", "SOURCE_", "AUDIT_", "COMPLETION_", "LOCKOUT_", "MOUNT=", "ENGINE="} {
			if strings.HasPrefix(variable, family) {
				env = append(env, variable)
			}
		}
	}
	return env
}
