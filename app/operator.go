package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Unlimited lists the sources without a lockout against password guessing, with
// their kinds, for the operator's checks.
func Unlimited(configuration *config.Config) []string {
	var names []string
	for _, source := range configuration.Sources {
		if !source.Settings.LimitsAttempts() {
			names = append(names, fmt.Sprintf("%s (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
	}
	return names
}

// Untelling names the sources that cannot tell who has a second factor, each with
// its kind, for the operator's checks. It opens the sources and sends no request.
func Untelling(ctx context.Context, configuration *config.Config) ([]string, error) {
	return without(ctx, configuration, func(source ports.Source) bool { return source.TellsSecondFactors })
}

// Unretiring names the sources that cannot disable and delete users, each with
// its kind, for the operator's checks. It opens the sources and sends no request.
func Unretiring(ctx context.Context, configuration *config.Config) ([]string, error) {
	return without(ctx, configuration, func(source ports.Source) bool { return source.Retirer != nil })
}

// OpenNamed opens the source with this name. It sends no request.
func OpenNamed(ctx context.Context, configuration *config.Config, name string) (ports.Source, error) {
	for _, source := range configuration.Sources {
		if source.Name == name {
			return source.Settings.Open(ctx, optionsOf(configuration, source))
		}
	}
	return ports.Source{}, fmt.Errorf("there is no source %s", name)
}

// optionsOf are the arguments for opening a source without notes.
func optionsOf(configuration *config.Config, source config.Source) parts.SourceOptions {
	return parts.SourceOptions{Name: source.Name, Rules: configuration.Rules, Note: func(ports.Note) {}}
}

// Examine examines a source by the examiner of its kind. A kind without one is
// opened, and asked for the probe.
func Examine(ctx context.Context, configuration *config.Config, source config.Source, examiners []parts.Examiner, probe ports.Probe) []ports.Examined {
	probe.Variable = func(name string) string { return source.Name + "_" + name }
	for _, examiner := range examiners {
		if examiner.Kind == source.Kind {
			return examiner.Examine(ctx, source.Settings, optionsOf(configuration, source), probe)
		}
	}
	return examineAny(ctx, configuration, source, probe)
}

// examineAny examines a source of a kind without an examiner: it prepares the
// source as the function does at start, and looks the probe up.
func examineAny(ctx context.Context, configuration *config.Config, source config.Source, probe ports.Probe) []ports.Examined {
	within := func(question func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, examineTime)
		defer cancel()
		return question(ctx)
	}
	opened, err := source.Settings.Open(ctx, optionsOf(configuration, source))
	if err == nil && opened.Warm != nil {
		err = within(opened.Warm)
	}
	reached := examinedAny(ports.AspectReached, err, "it can be prepared as at the function's start")
	if err != nil {
		return []ports.Examined{reached, {Aspect: ports.AspectLookUp, Status: ports.ExaminedSkip, Because: ports.AspectReached}}
	}
	var finding domain.Finding
	err = within(func(ctx context.Context) (err error) {
		finding, err = opened.Directory.FindUser(ctx, probe.Username)
		return err
	})
	lookUp := examinedAny(ports.AspectLookUp, err, "it answers: "+finding.Kind.String())
	if err == nil && !probe.Exists && finding.Kind == domain.UserFound {
		lookUp.Status, lookUp.Remedy = ports.ExaminedFail, "let the source find no user by an unknown identifier"
	}
	return []ports.Examined{reached, lookUp}
}

func examinedAny(aspect ports.Aspect, err error, fine string) ports.Examined {
	switch {
	case err == nil:
		return ports.Examined{Aspect: aspect, Status: ports.ExaminedPass, Saw: fine}
	case errors.Is(err, ports.ErrMisconfigured):
		return ports.Examined{Aspect: aspect, Status: ports.ExaminedFail, Saw: err.Error(), Remedy: "correct the settings of the source, its credentials and its permissions (docs/sources)"}
	default:
		return ports.Examined{Aspect: aspect, Status: ports.ExaminedFail, Saw: err.Error(), Remedy: "check the network and the source itself; the function may reach what this machine cannot"}
	}
}

// examineTime bounds each question to such a source.
const examineTime = 5 * time.Second

// without names the sources that lack an ability.
func without(ctx context.Context, configuration *config.Config, has func(ports.Source) bool) ([]string, error) {
	var names []string
	for _, source := range configuration.Sources {
		opened, err := source.Settings.Open(ctx, optionsOf(configuration, source))
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", source.Name, source.Kind, err)
		}
		if !has(opened) {
			names = append(names, fmt.Sprintf("%s (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
	}
	return names, nil
}
