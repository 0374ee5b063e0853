package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource/importjob"
	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/app/tail"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/pflag"
)

// importFlags are the settings that are not in the environment.
type importFlags struct {
	in, pool, region, role string
	poll                   time.Duration
	yes                    bool
}

// importCommand runs the import jobs of an export.
func importCommand() command {
	var given importFlags
	return command{
		name:    "import",
		summary: "create the users of an export by Cognito's import job",
		purpose: `Imports the files of migratectl export by Cognito's user import job, one after
the other, and names each user who was skipped or failed. Without --yes it only
checks the files and shows what it would do. It can be interrupted and run again
at any time: a journal in the folder keeps a file from being imported twice.`,
		required: []string{"in", "destination-pool", "role"},
		examples: [2]string{
			"bin/migratectl import --in tail --destination-pool ap-northeast-1_GhIjKl456 \\\n  --role arn:aws:iam::111111111111:role/user-migration-import",
			"bin/migratectl import --in tail --destination-pool ap-northeast-1_GhIjKl456 \\\n  --role arn:aws:iam::111111111111:role/user-migration-import --yes",
		},
		failure: "some users were skipped or failed, or the operation failed",
		flags:   given.declare,
		run:     func(ctx context.Context, s streams, _ string) error { return importTail(ctx, given, s) },
	}
}

func (i *importFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&i.in, "in", "", "the `FOLDER` of migratectl export")
	poolVar(flags, &i.pool, "destination-pool", "the `ID` of the destination user pool")
	regionVar(flags, &i.region)
	flags.Var(checked(&i.role, checkRole), "role", "the `ARN` of the role by which the job writes its log")
	i.poll = 10 * time.Second
	flags.Var(duration(&i.poll), "poll", "the `TIME` between two questions about the job, such as 10s")
	flags.BoolVar(&i.yes, "yes", false, "create the users; without it nothing is changed")
}

var roleForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)

func checkRole(text string) error {
	if roleForm.MatchString(text) {
		return nil
	}
	return errors.New("expected a role's ARN, such as arn:aws:iam::111111111111:role/user-migration-import")
}

// errNotAll is returned where every file was imported, and some users were not.
var errNotAll = errors.New("some users were not imported")

func importTail(ctx context.Context, given importFlags, s streams) error {
	region := cmp.Or(given.region, regionOf(given.pool))
	config, err := credentialed(ctx, newAccount())
	if err != nil {
		return err
	}
	importer := tail.Importer{
		Folder: given.in, Destination: given.pool, Role: given.role, Poll: given.poll, Now: time.Now, Pause: pause,
		Jobs: importjob.New(config, region, given.pool), //nolint:contextcheck // an endpoint is resolved without one
		Note: func(text string) { fmt.Fprintln(s.err, "note:", text) },
		PoolName: func(ctx context.Context) (string, error) {
			facts, err := listing.New(listing.NewClient(config, region), given.pool).Facts(ctx)
			return facts.Name, err
		},
	}
	before, release, err := importer.Check(ctx)
	if err != nil {
		return err
	}
	defer release()
	if !given.yes {
		return writeImportPlan(s.out, before)
	}
	stop := showImport(&importer, s)
	result, err := importer.Run(ctx)
	stop()
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted; a job that was started goes on, and the same command continues")
	}
	if written := writeImported(s.out, result); written != nil {
		return written
	}
	for _, unread := range result.Unread {
		fmt.Fprintln(s.err, "not explained:", unread)
	}
	switch {
	case err != nil:
		return err
	case !result.All():
		return errNotAll
	}
	return nil
}

func pause(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// showImport draws a bar for each file, and returns what ends it.
func showImport(importer *tail.Importer, s streams) func() {
	var bar *progressbar.ProgressBar
	of := ""
	stop := func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
	importer.Progress = func(file tail.File, taken int) {
		if file.Name != of {
			stop()
			of, bar = file.Name, newBar(s, file.Name, file.Rows, progressbar.OptionSetPredictTime(true))
		}
		_ = bar.Set(taken)
	}
	return stop
}

func writeImportPlan(to io.Writer, plan tail.Imported) error {
	var b strings.Builder
	left := 0
	for _, file := range plan.Files {
		state := file.Step
		switch {
		case file.Explained:
			state = "done"
		case state == "":
			state = "to import"
		}
		if !file.Explained {
			left += file.Rows
		}
		fmt.Fprintf(&b, "%s  %7d users  %s%s\n", file.Name, file.Rows, state, strings.TrimRight("  "+file.Algorithm, " "))
	}
	fmt.Fprintf(&b, `
%d of %d users are left. Users who are imported exist in the destination, so the
trigger is never invoked for them again: their old password is lost, unless its
hash is imported.

Nothing was changed. Add --yes to import them.
`, left, plan.Users)
	_, err := io.WriteString(to, b.String())
	return err
}

func writeImported(to io.Writer, result tail.Imported) error {
	var b strings.Builder
	for _, file := range result.Files {
		if file.Status == "" {
			continue
		}
		fmt.Fprintf(&b, "%s  %s  %s: %d imported, %d skipped, %d failed, %d not tried\n", file.Name, file.Job, file.Status, file.Imported, file.Skipped, file.Failed, file.NotTried)
		if file.Message != "" && file.Status != importjob.Succeeded {
			fmt.Fprintf(&b, "  the service says: %s\n", file.Message)
		}
		if file.Explained && file.Imported < file.Rows {
			fmt.Fprintf(&b, "  each of the others, with the reason: %s\n", strings.Replace(file.Name, "import-", "failed-", 1))
		}
	}
	fmt.Fprintf(&b, "\n%d users: %d imported, %d skipped, %d failed, %d not tried\n", result.Users, result.Imported, result.Skipped, result.Failed, result.NotTried)
	_, err := io.WriteString(to, b.String())
	return err
}
