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

// sources are those of the configuration, in its order.
type sources []openedSource

// newSources opens the sources. What a source tells its operator is logged.
func newSources(configuration *config.Config, logger *zap.Logger) (sources, error) {
	after := configuration.Completion.After
	opened := make(sources, 0, len(configuration.Sources))
	for _, source := range configuration.Sources {
		one, err := source.Settings.Open(context.Background(), parts.SourceOptions{
			Name: source.Name, Rules: configuration.Rules,
			Note: func(note ports.Note) {
				level := zapcore.WarnLevel
				if note.IsFault {
					level = zapcore.ErrorLevel
				}
				logger.Log(level, note.Text, zap.String("source", source.Name), zap.Strings("names", note.Names))
			},
		})
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", source.Name, source.Kind, err)
		}
		if one.Retirer == nil && after != domain.AfterKeep {
			return nil, fmt.Errorf("COMPLETION_AFTER=%s: %s cannot part with users (%s_KIND=%s); it takes keep with this source", after, source.Name, source.Name, source.Kind)
		}
		opened = append(opened, openedSource{Source: one, name: source.Name, match: migrate.ParseMatch(source.Match)})
	}
	return opened, nil
}

// directory is all sources as one.
func (s sources) directory() ports.SourceDirectory {
	return s.chain(func(source ports.SourceDirectory) ports.SourceDirectory { return source })
}

// earlier is what is asked before a later source's user is migrated, through what
// the function given makes of each source; nil with one source.
func (s sources) earlier(through func(ports.SourceDirectory) ports.SourceDirectory) migrate.EarlierSources {
	if len(s) < 2 {
		return nil
	}
	return s.chain(through)
}

func (s sources) chain(through func(ports.SourceDirectory) ports.SourceDirectory) migrate.Chain {
	chain := make(migrate.Chain, len(s))
	for i, source := range s {
		source.Directory = through(source.Directory)
		chain[i] = migrate.Link{Name: source.name, Source: source.Source, Match: source.match}
	}
	return chain
}
