//go:build nocompletion

package main

import (
	"context"
	"errors"
	"io"

	"go.uber.org/fx"
)

func finish(context.Context, []string, streams) error {
	return errors.New("this binary was built without completion (build tag nocompletion)")
}

// secondHalf of the demonstration is left out.
type secondHalf struct{}

func (*secondHalf) settings() []string { return nil }

func (*secondHalf) queue() fx.Option { return fx.Options() }

func (*secondHalf) show(context.Context, []string, outcome, io.Writer) error { return nil }
