package app

import (
	"context"
	"fmt"

	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// openedSource is one source, opened.
type openedSource struct {
	ports.Source
	name  string
	match migrate.Match
}

// sources lists the sources in the order of MIGRATE_SOURCES.
type sources []openedSource

// newSources opens the sources. Notes of a source are logged. A source with
// references to secrets resolves them again after it refused them.
func newSources(binary Parts, process Process, configuration *config.Config, logger *zap.Logger) (sources, error) {
	after := configuration.Completion.After
	opened := make(sources, 0, len(configuration.Sources))
	open := func(ctx context.Context, source config.Source) (ports.Source, error) {
		return source.Settings.Open(ctx, parts.SourceOptions{
			Name: source.Name, Rules: configuration.Rules,
			Note: func(note ports.Note) {
				level := zapcore.WarnLevel
				if note.IsFault {
					level = zapcore.ErrorLevel
				}
				logger.Log(level, note.Text, zap.String("source", source.Name), zap.Strings("names", note.Names))
			},
		})
	}
	for _, source := range configuration.Sources {
		one, err := open(context.Background(), source)
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", source.Name, source.Kind, err)
		}
		if source.HasReferences() {
			one = renewed(one, renewal(binary, process, source, open), logger.With(zap.String("source", source.Name)))
		}
		if one.Retirer == nil && after != domain.AfterKeep {
			return nil, fmt.Errorf("COMPLETION_AFTER=%s: %s cannot disable or delete users (%s_KIND=%s); set COMPLETION_AFTER=keep, or use a source that can", after, source.Name, source.Name, source.Kind)
		}
		opened = append(opened, openedSource{Source: one, name: source.Name, match: migrate.ParseMatch(source.Match)})
	}
	return opened, nil
}

// directory returns one directory that asks all sources in order.
func (s sources) directory() ports.SourceDirectory {
	return s.chain(func(source ports.SourceDirectory) ports.SourceDirectory { return source })
}

// earlier returns the check that runs before a user of a later source migrates.
// through wraps each source. It returns nil if there is only one source.
func (s sources) earlier(through func(ports.SourceDirectory) ports.SourceDirectory) migrate.EarlierSources {
	if len(s) < 2 {
		return nil
	}
	return s.chain(through)
}

// secondFactors reads second factors that profiles do not list.
func (s sources) secondFactors() migrate.SecondFactors {
	return s.chain(func(source ports.SourceDirectory) ports.SourceDirectory { return source })
}

func (s sources) chain(through func(ports.SourceDirectory) ports.SourceDirectory) migrate.Chain {
	chain := make(migrate.Chain, len(s))
	for i, source := range s {
		source.Directory = through(source.Directory)
		chain[i] = migrate.Link{Name: source.name, Source: source.Source, Match: source.match}
	}
	return chain
}
