package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/app/doctor"
	"cognito-user-migration/app/parameters"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"github.com/spf13/pflag"
)

// initFlags are the flags of init.
type initFlags struct {
	source, destination string
	sourceProfile       string
	folder              string
	timeout             time.Duration
}

// initCommand fills in the parameters of a set-up.
func initCommand() command {
	given := initFlags{folder: "deploy/parameters"}
	return command{
		name:    "init",
		summary: "write the parameter files for two user pools, and print the next steps",
		purpose: `Reads both user pools and writes complete parameter files for CloudFormation and
Terraform. It names the attributes that would be lost and everything that doctor
would complain about, and prints the next commands in order. It overwrites no
file and changes nothing in AWS.`,
		required: []string{"source-pool", "destination-pool"},
		examples: [2]string{
			"bin/migratectl init --source-pool ap-northeast-1_AbCdEf123 --destination-pool ap-northeast-1_GhIjKl456",
			"bin/migratectl init --source-pool ap-northeast-1_AbCdEf123 --destination-pool ap-northeast-1_GhIjKl456 --source-aws-profile source",
		},
		failure: "a pool cannot be read, or a file exists already",
		flags: func(flags *pflag.FlagSet) {
			poolVar(flags, &given.source, "source-pool", "the `ID` of the user pool that the users leave")
			poolVar(flags, &given.destination, "destination-pool", "the `ID` of the user pool that the users come to")
			flags.StringVar(&given.sourceProfile, "source-aws-profile", "", "a `PROFILE` of your own in the source pool's account, if that is another one")
			flags.StringVar(&given.folder, "out", given.folder, "the `FOLDER` to write into")
			timeoutVar(flags, &given.timeout)
		},
		run: func(ctx context.Context, s streams, _ string) error { return initialize(ctx, given, s) },
	}
}

// initialize reads both pools, writes the files and says what comes next.
func initialize(ctx context.Context, given initFlags, s streams) error {
	if given.source == given.destination {
		return wrongUse("--source-pool and --destination-pool are the same user pool; give the new one as --destination-pool")
	}
	if given.folder == "" {
		return wrongUse("--out is empty; give a folder, such as deploy/parameters")
	}
	ctx, cancel := context.WithTimeout(ctx, given.timeout)
	defer cancel()
	request, err := readPools(ctx, given)
	if err != nil {
		return err
	}
	request.DestinationProfile = valueOf(s.environ, "AWS_PROFILE")
	request.SourceProfile, request.Folder = given.sourceProfile, filepath.ToSlash(given.folder)
	request.ExternalID = rand.Text()
	plan := parameters.Make(request)
	if err := writeNew(given.folder, plan.Files); err != nil {
		return err
	}
	return writePlan(s.out, request, plan, colours(s))
}

// valueOf is the value of an environment variable.
func valueOf(environ []string, name string) string {
	for _, variable := range environ {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value
		}
	}
	return ""
}

// readPools asks for both pools at the same time.
func readPools(ctx context.Context, given initFlags) (parameters.Request, error) {
	var (
		request                   parameters.Request
		sourceErr, destinationErr error
		reading                   sync.WaitGroup
	)
	reading.Go(func() { request.Source, sourceErr = readPool(ctx, given.sourceProfile, given.source) })
	reading.Go(func() { request.Destination, destinationErr = readPool(ctx, "", given.destination) })
	reading.Wait()
	if err := sourceErr; err != nil {
		sourceErr = fmt.Errorf("--source-pool %s: %w", given.source, err)
		if given.sourceProfile == "" && (errors.Is(err, setup.ErrNotFound) || errors.Is(err, setup.ErrNotPermitted)) {
			sourceErr = fmt.Errorf("%w\n  if it is in another account, give --source-aws-profile", sourceErr)
		}
	}
	if destinationErr != nil {
		destinationErr = fmt.Errorf("--destination-pool %s: %w", given.destination, destinationErr)
	}
	return request, errors.Join(sourceErr, destinationErr)
}

// readPool reads a pool with its app clients.
func readPool(ctx context.Context, profile, id string) (parameters.Pool, error) {
	region := regionOf(id)
	account, err := awssetup.Load(ctx, profile, region)
	if err != nil {
		return parameters.Pool{}, err
	}
	pools := account.UserPools(region)
	read, err := pools.UserPool(ctx, id)
	if err != nil {
		return parameters.Pool{}, err
	}
	factors, err := pools.SecondFactors(ctx, id)
	if err != nil {
		return parameters.Pool{}, err
	}
	pool := parameters.Pool{UserPool: read, SecondFactors: factors}
	clients, err := account.AppClients(ctx, region, id)
	if err != nil {
		return parameters.Pool{}, err
	}
	for clientID, name := range clients {
		client, err := pools.AppClient(ctx, id, clientID)
		if err != nil {
			return parameters.Pool{}, err
		}
		pool.Clients = append(pool.Clients, parameters.Client{Name: name, AppClient: client})
	}
	return pool, nil
}

// writeNew writes the files, unless one of them exists: then it writes none.
func writeNew(folder string, files []parameters.File) error {
	var there []string
	for _, file := range files {
		if _, err := os.Lstat(filepath.Join(folder, file.Name)); err == nil {
			there = append(there, filepath.Join(folder, file.Name))
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("nothing was written, because init overwrites no file: %s; move it away, or give another folder as --out", strings.Join(there, ", "))
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for _, file := range files {
		if err := writeOne(filepath.Join(folder, file.Name), file.Content); err != nil {
			return err
		}
	}
	return nil
}

// writeOne creates a file; it does not follow a link that was created there since.
func writeOne(name string, content []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// writePlan prints what was found and written, and what comes next.
func writePlan(to io.Writer, request parameters.Request, plan parameters.Plan, coloured bool) error {
	var text strings.Builder
	where := "two accounts: the function takes on a role in the source account"
	if plan.OneAccount {
		where = "one account: the function uses the source pool without a role"
	}
	fmt.Fprintf(&text, "source       %s (%s)\ndestination  %s (%s)\n%s\n\n", request.Source.ID, request.Source.Name, request.Destination.ID, request.Destination.Name, where)
	text.WriteString("migrated attributes:\n")
	writeDetails(&text, "", strings.ReplaceAll(strings.Join(plan.Attributes, ", "), "*", "* ("+strings.Join(domain.StandardAttributeMap().Targets(), ", ")+")"))
	if len(plan.Lost) > 0 {
		text.WriteString("attributes that would be lost:\n")
	}
	for _, lost := range plan.Lost {
		writeDetails(&text, "", lost.Name+": "+lost.Why)
	}
	if findings := complaints(plan.Checks); len(findings) > 0 {
		text.WriteString("\nwhat doctor would complain about:\n")
		for _, check := range findings {
			writeCheck(&text, check, coloured)
		}
	} else {
		text.WriteString("\ndoctor would have nothing against these pools\n")
	}
	text.WriteString("\nwritten:\n")
	for _, file := range plan.Files {
		fmt.Fprintf(&text, "  %s/%s\n", strings.TrimSuffix(request.Folder, "/"), file.Name)
	}
	text.WriteString("\nNext, from the top of the checkout:\n")
	writeSteps(&text, plan.Steps, 1)
	text.WriteString("\nWith Terraform, in place of the deployment above:\n")
	writeSteps(&text, plan.Alternatives, 0)
	_, err := io.WriteString(to, text.String())
	return err
}

// complaints are the checks that are not in order, the worst first.
func complaints(checks []doctor.Check) []doctor.Check {
	var found []doctor.Check
	for _, status := range []doctor.Status{doctor.Fail, doctor.Warn} {
		for _, check := range checks {
			if check.Status == status {
				found = append(found, check)
			}
		}
	}
	return found
}

// writeSteps prints commands, each on one line, so that they can be pasted.
func writeSteps(text *strings.Builder, steps []parameters.Step, first int) {
	for i, step := range steps {
		if first > 0 {
			fmt.Fprintf(text, "\n%d. %s\n", first+i, step.Title)
		} else {
			fmt.Fprintf(text, "\n   %s\n", step.Title)
		}
		for _, command := range step.Commands {
			fmt.Fprintf(text, "   %s\n", command)
		}
	}
}
