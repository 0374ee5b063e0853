package app

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// sourceKind is one kind of source: what it takes, and how it is opened. What
// is opened says by its fields what the source can do.
type sourceKind struct {
	settings config.NewSettings
	open     func(context.Context, config.Source, sourceParts) (complete.Source, error)
}

// sourceKinds maps SOURCE_KIND to adapters. A new kind is one line here, and a
// file sources_KIND.go. The build tag noKIND leaves a kind out: what is then in
// its place here is the zero value, from without_KIND.go.
func sourceKinds() map[string]sourceKind {
	return map[string]sourceKind{
		"cognito": {func() config.SourceSettings { return new(cognitoSettings) }, openCognito},
		"file":    fileKind(),
		"http":    httpKind(),
		"ldap":    ldapKind(),
		"oidc":    oidcKind(),
		"sql":     sqlKind(),
	}
}

// sourceParts are what sources are made of, beside their settings.
type sourceParts struct {
	// rules say for which findings a profile is read.
	rules domain.Rules
	// aws loads the SDK's configuration; only a source in AWS calls it.
	aws func() (aws.Config, error)
	// note is told what a source has to say to the operator; nobody is where it
	// is nil.
	note func(source string, note ports.Note)
	// sessionName names a role's session after this process.
	sessionName string
	// roles are those that were taken on for the sources before.
	roles map[role]ports.CredentialProvider
}

// role is a role of a source, taken on in a region. Sources that share one share
// its credentials, so that STS is asked once for all of them.
type role struct {
	stscredentials.Settings
	region string
}

// mapped lists the attributes of a source that rules name.
func (p sourceParts) mapped() []string {
	var names []string
	for _, rule := range p.rules.Attributes.Rules() {
		if rule.Source != "" {
			names = append(names, rule.Source)
		}
	}
	return names
}

// noteOf tells the operator of one source.
func (p sourceParts) noteOf(source string) func(ports.Note) {
	return func(note ports.Note) {
		if p.note != nil {
			p.note(source, note)
		}
	}
}

// credentials gives what a source in AWS is asked with.
func (p sourceParts) credentials(awsConfig aws.Config, settings stscredentials.Settings) ports.CredentialProvider {
	// STS is asked in the function's own region, where it is near.
	of := role{settings, awsConfig.Region}
	if _, known := p.roles[of]; !known {
		if settings.RoleARN == "" {
			p.roles[of] = stscredentials.Own(awsConfig.Credentials)
		} else {
			p.roles[of] = stscredentials.AssumeRole(stscredentials.NewClient(awsConfig), settings, p.sessionName)
		}
	}
	return p.roles[of]
}

// Kinds lists what each kind of source takes; nil for a kind that this program
// was built without.
func Kinds() map[string]config.NewSettings {
	kinds := make(map[string]config.NewSettings)
	for name, kind := range sourceKinds() {
		kinds[name] = kind.settings
	}
	return kinds
}

// openedSource is one source, opened.
type openedSource struct {
	complete.Source
	name  string
	match migrate.Match
}

// sources are those of the configuration, in its order.
type sources []openedSource

func openSources(ctx context.Context, configured []config.Source, after domain.After, parts sourceParts) (sources, error) {
	kinds := sourceKinds()
	parts.roles = make(map[role]ports.CredentialProvider)
	opened := make(sources, 0, len(configured))
	for _, source := range configured {
		one, err := kinds[source.Kind].open(ctx, source, parts)
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
		chain[i] = migrate.Link{Name: source.name, Source: through(source.Directory), Match: source.match}
	}
	return chain
}

// cognitoSettings are a user pool's, with the role through which it is reached.
type cognitoSettings struct {
	cognitosource.Settings
	Role stscredentials.Settings
}

// Validate implements [config.SourceSettings].
func (s *cognitoSettings) Validate(variable func(string) string) []error {
	return append(s.Settings.Validate(variable), s.Role.Validate(variable)...)
}

// Warnings implements [config.SourceSettings].
func (s *cognitoSettings) Warnings(variable func(string) string) []string {
	return append(s.Settings.Warnings(variable), s.Role.Warnings(variable)...)
}

func openCognito(_ context.Context, source config.Source, parts sourceParts) (complete.Source, error) {
	settings, ok := source.Settings.(*cognitoSettings)
	if !ok {
		return complete.Source{}, fmt.Errorf("settings are %T", source.Settings)
	}
	awsConfig, err := parts.aws()
	if err != nil {
		return complete.Source{}, err
	}
	region := settings.ServiceRegion()
	if awsConfig.Region == "" {
		awsConfig.Region = region
	}
	credentials := parts.credentials(awsConfig, settings.Role)
	directory := cognitosource.Open(source.Name, awsConfig, credentials, settings.Settings, parts.rules.NeedsProfile)
	retirer := directory.Retirer()
	return complete.Source{
		Directory: directory,
		Retirer:   retirer,
		Groups:    retirer,
	}, nil
}
