package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"cognito-user-migration/adapters/awsprofiles"
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// sourcesOf describes each source as a state file does.
func sourcesOf(configuration *config.Config) []string {
	list := make([]string, len(configuration.Sources))
	for i, source := range configuration.Sources {
		list[i] = strings.TrimSpace(source.Name + " " + source.Kind + " " + source.UserPool)
	}
	return list
}

// checkDestination is an error if the destination is a source.
func checkDestination(configuration *config.Config, pool, danger string) error {
	if !slices.Contains(configuration.SourcePools(), pool) {
		return nil
	}
	return fmt.Errorf("--destination-pool %s is a source%s; give the ID of the destination's user pool", pool, danger)
}

// sourceOpener opens sources whose users a command lists.
type sourceOpener struct {
	account *stscredentials.Account
	// profile is the one of --source-aws-profile.
	profile string
	rules   domain.Rules
	notes   io.Writer
}

// open opens a source that is not a user pool.
func (o sourceOpener) open(ctx context.Context, source config.Source) (ports.Source, error) {
	return source.Settings.Open(ctx, parts.SourceOptions{Name: source.Name, Rules: o.rules, Note: func(note ports.Note) {
		fmt.Fprintf(o.notes, "note: %s: %s\n", source.Name, note.Text)
	}})
}

// pool opens a user pool, with the profile or as the function's settings say.
func (o sourceOpener) pool(ctx context.Context, settings cognitosource.Settings) (*listing.Pool, error) {
	config, err := o.config(ctx, settings)
	if err != nil {
		return nil, err
	}
	return listing.New(listing.NewClient(config, settings.ServiceRegion()), string(settings.UserPoolID)), nil
}

func (o sourceOpener) config(ctx context.Context, settings cognitosource.Settings) (aws.Config, error) {
	if o.profile != "" {
		return awsprofiles.ConfigOf(ctx, o.profile)
	}
	config, err := o.account.Config(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	credentials, err := o.account.Credentials(ctx, settings.Role, settings.ServiceRegion())
	if err != nil {
		return aws.Config{}, err
	}
	return listing.WithCredentials(config, credentials), nil
}
