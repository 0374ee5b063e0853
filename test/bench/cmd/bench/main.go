// Bench measures the function and what it is compared with: `make bench`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cognito-user-migration/test/bench"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to cancel
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	options := bench.Options{Progress: stderr}
	programs := flags.String("programs", "", "names of programs, separated by commas; all by default")
	flags.StringVar(&options.Compare, "compare", "", "other builds of bootstrap to measure beside the others, separated by commas; each is a program with its file's name")
	delays := flags.String("delay", "0s,3ms", "the server's delays; what is cold is measured with the first")
	flags.IntVar(&options.Rounds, "rounds", 7, "how often each program is started and measured")
	flags.IntVar(&options.Invocations, "invocations", 300, "warm invocations of a round, for each delay")
	flags.Float64Var(&options.Quota, "quota", 7, "percent of one core, for the rounds under a quota; 0 for none")
	flags.IntVar(&options.QuotaRounds, "quota-rounds", 3, "how many of those")
	flags.IntVar(&options.LoadRounds, "load", 3, "rounds that measure how cost grows with sources, attributes, groups and processes; 0 for none")
	flags.IntVar(&options.LoadAttempts, "load-attempts", 60, "attempts of each process in those")
	flags.IntVar(&options.LoadMost, "load-most", 0, "in those, nothing beyond that number; 0 for all")
	flags.DurationVar(&options.Wait, "wait", 5*time.Minute, "how long to wait for a quiet machine; 0 not to look")
	flags.StringVar(&options.Roots, "roots", "", "a PEM file of certificates that the function trusts beside the stub's, as its image does")
	flags.Int64Var(&options.ImageBytes, "image-bytes", 0, "the size of the image, if one was built")
	flags.Int64Var(&options.ImageRootsBytes, "image-roots-bytes", 0, "the size of the certificates in it")
	out := flags.String("out", "bin", "the folder for bench.json and bench.svg")
	page := flags.String("page", "", "a Markdown page that takes the tables between its markers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *programs != "" {
		options.Programs = strings.Split(*programs, ",")
	}
	for text := range strings.SplitSeq(*delays, ",") {
		delay, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("-delay: %w", err)
		}
		options.Delays = append(options.Delays, delay)
	}
	if options.Rounds < 0 || options.Invocations < 1 || options.LoadAttempts < 1 {
		return errors.New("-rounds: none at least; -invocations and -load-attempts: one at least")
	}
	var err error
	if options.Top, err = os.Getwd(); err != nil {
		return err
	}
	report, err := bench.Run(ctx, options)
	if err != nil {
		return err
	}
	report.WriteTables(stdout)
	if err := os.MkdirAll(*out, 0o750); err != nil {
		return err
	}
	if err := write(filepath.Join(*out, "bench.json"), report.WriteJSON); err != nil {
		return err
	}
	if err := write(filepath.Join(*out, "bench.svg"), report.WritePlot); err != nil {
		return err
	}
	if *page == "" {
		return nil
	}
	text, err := os.ReadFile(*page)
	if err != nil {
		return err
	}
	if text, err = report.Insert(text); err != nil {
		return fmt.Errorf("%s: %w", *page, err)
	}
	return os.WriteFile(*page, text, 0o644) //nolint:gosec // a page of the docs, for everybody
}

func write(path string, content func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(content(file), file.Close())
}
