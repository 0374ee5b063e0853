package app

import (
	"context"
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

// examineAny examines a source of a kind without an examiner.
func examineAny(ctx context.Context, configuration *config.Config, source config.Source, probe ports.Probe) []ports.Examined {
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	found := ports.Examined{Aspect: ports.AspectReached, Status: ports.ExaminedFail, Remedy: "check the settings of the source, the network and the source itself"}
	opened, err := source.Settings.Open(ctx, optionsOf(configuration, source))
	if err == nil && opened.Warm != nil {
		err = opened.Warm(ctx)
	}
	var finding domain.Finding
	if err == nil {
		finding, err = opened.Directory.FindUser(ctx, probe.Username)
	}
	if err != nil {
		found.Saw = err.Error()
		return []ports.Examined{found}
	}
	found.Status, found.Remedy = ports.ExaminedPass, ""
	found.Saw = "it answers: " + finding.Kind.String()
	return []ports.Examined{found}
}

// examineTime bounds the examination of such a source.
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
