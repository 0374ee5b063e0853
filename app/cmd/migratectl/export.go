package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource/importjob"
	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/app"
	reporting "cognito-user-migration/app/report"
	"cognito-user-migration/app/tail"
	"cognito-user-migration/domain"
	"cognito-user-migration/domain/importfile"
	"cognito-user-migration/ports"

	"github.com/spf13/pflag"
)

// exportFlags are the settings that are not in the environment.
type exportFlags struct {
	state, out, region  string
	vouch, only, recent string
	recentDays, rows    int
	includeRecent       bool
	hashes              bool
}

// exportCommand writes the files of import jobs.
func exportCommand() command {
	var given exportFlags
	return command{
		name:    "export",
		summary: "write the users who never signed in to files for Cognito's import job",
		purpose: `Writes the users of a finished report who have not moved, and whom the
destination can take, to the files of Cognito's user import job. It checks each
row first. left-out.csv names all others, with the reason and what to do. It
changes no pool. The files hold data of users.`,
		required: []string{"state", "out"},
		examples: [2]string{
			"bin/migratectl export --state move.db --out tail",
			"bin/migratectl export --state move.db --out tail --vouch email --only mfa_required",
		},
		failure: "the files could not be written",
		flags:   given.declare,
		run:     func(ctx context.Context, s streams, _ string) error { return export(ctx, given, s) },
	}
}

func (e *exportFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&e.state, "state", "", "the state `FILE` of migratectl report")
	flags.StringVar(&e.out, "out", "", "the `FOLDER` to write to; it is made where it is missing")
	regionVar(flags, &e.region)
	flags.Var(checked(&e.vouch, func(text string) error { _, err := importfile.ParseVouch(text); return err }),
		"vouch", "take contacts of these `KINDS` for verified, whatever the source says: email, phone_number, or both. Anyone who can read a vouched mailbox can take over the account")
	flags.Var(checked(&e.only, checkCause), "only", "export only users with this `CAUSE` in the report, such as mfa_required")
	flags.BoolVar(&e.hashes, "hashes", false, "write password hashes of dynamodb, file and sql sources, where the destination offers a column for them")
	e.recentDays, e.rows = 30, importfile.MostRows
	flags.Var(whole(&e.recentDays, 1, 36500), "recent-days", "leave out users who signed in at the source in so many `DAYS` before the scan")
	flags.BoolVar(&e.includeRecent, "include-recent", false, "export users who signed in at the source recently, too")
	flags.StringVar(&e.recent, "signed-in", "", "a `FILE` of usernames, one a line, who signed in recently; for sources that do not say")
	flags.Var(whole(&e.rows, 1, importfile.MostRows), "file-rows", "the most `USERS` in one file, at most 500000")
}

// causes lists the reasons that a report has for users who have not moved.
func causes() []domain.Reason {
	return slices.Concat(domain.RefusalReasons(), []domain.Reason{
		domain.ReasonPasswordAccepted, domain.ReasonForgotPassword, domain.ReasonUsernameShared, domain.ReasonContactShared,
		domain.Reason(domain.ConflictSub), domain.Reason(domain.ConflictContact), domain.Reason(domain.ConflictSeveral), domain.Reason(domain.ConflictClaimed),
	})
}

func checkCause(text string) error {
	all := causes()
	if slices.Contains(all, domain.Reason(text)) {
		return nil
	}
	slices.Sort(all)
	words := make([]string, len(all))
	for i, cause := range all {
		words[i] = string(cause)
	}
	return errors.New("expected a cause of the report: " + strings.Join(words, ", "))
}

const exportWarning = `WARNING: Users who are imported exist in the destination, so the trigger is
never invoked for them again: their old password is lost, unless its hash is
imported. They must set a new one through "forgot password" (or sign in by a
code). Export at the end of the migration: stop sign-ups at the source first.

`

func export(ctx context.Context, given exportFlags, s streams) error {
	if _, err := io.WriteString(s.out, exportWarning); err != nil {
		return err
	}
	exporter := tail.Exporter{Folder: given.out, MostRows: given.rows, MostBytes: importfile.MostBytes, Workers: runtime.GOMAXPROCS(0), Only: domain.Reason(given.only)}
	state, finished, err := reportstate.OpenFinished(ctx, given.state, exporter.Workers)
	if err != nil {
		return err
	}
	defer func() { _ = state.Close() }() // nothing was written
	exporter.State, exporter.Finished = state, finished
	for source := range strings.SplitSeq(finished.Sources, ", ") {
		name, _, _ := strings.Cut(source, " ")
		exporter.Sources = append(exporter.Sources, name)
	}
	if given.vouch != "" {
		exporter.Vouch, _ = importfile.ParseVouch(given.vouch) // the flag was checked
	}
	if exporter.Pool, err = importPool(ctx, finished.Destination, given.region); err != nil {
		return err
	}
	if _, err := importfile.New(exporter.Pool, exporter.Vouch); err != nil {
		return fmt.Errorf("the destination %s: %w", finished.Destination, err)
	}
	if err := given.prepare(ctx, &exporter, s); err != nil {
		return err
	}
	if err := announce(ctx, &exporter, given, s); err != nil {
		return err
	}
	bar := newBar(s, "writing users", int(finished.LastID))
	exporter.Progress = func(users int) { _ = bar.Add(users) }
	done, err := exporter.Run(ctx)
	_ = bar.Finish()
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return summarise(s.out, done, given)
}

// importPool reads what the rows depend on of the destination.
func importPool(ctx context.Context, poolID, region string) (importfile.Pool, error) {
	region = cmp.Or(region, regionOf(poolID))
	config, err := credentialed(ctx, newAccount())
	if err != nil {
		return importfile.Pool{}, err
	}
	facts, err := listing.New(listing.NewClient(config, region), poolID).Facts(ctx)
	if err != nil {
		return importfile.Pool{}, fmt.Errorf("the destination %s: %w", poolID, err)
	}
	names, err := importjob.New(config, region, poolID).Header(ctx) //nolint:contextcheck // an endpoint is resolved without one
	if err != nil {
		return importfile.Pool{}, fmt.Errorf("the destination %s: %w", poolID, err)
	}
	header, err := importfile.ParseHeader(names)
	if err != nil {
		return importfile.Pool{}, fmt.Errorf("the destination %s: %w", poolID, err)
	}
	return importfile.Pool{
		Header: header, Schema: facts.Schema, UsernameIsEmail: facts.UsernameIsEmail, UsernameIsPhone: facts.UsernameIsPhone,
		EmailIsAlias: facts.EmailIsAlias, PhoneIsAlias: facts.PhoneIsAlias, VerifiesEmail: facts.VerifiesEmail, VerifiesPhone: facts.VerifiesPhone,
		MFARequired: facts.MFA == domain.MFAOn,
	}, nil
}

// prepare reads what decides about single users.
func (e *exportFlags) prepare(ctx context.Context, exporter *tail.Exporter, s streams) error {
	var err error
	shared := func(vouched, signsIn bool, key reportstate.Key) (map[string]bool, error) {
		if !vouched || !signsIn {
			return map[string]bool{}, nil
		}
		return exporter.State.Contacts(ctx, key)
	}
	pool := exporter.Pool
	if exporter.SharedEmail, err = shared(exporter.Vouch.Email, pool.UsernameIsEmail || pool.EmailIsAlias, reportstate.KeyEmail); err != nil {
		return err
	}
	if exporter.SharedPhone, err = shared(exporter.Vouch.Phone, pool.UsernameIsPhone || pool.PhoneIsAlias, reportstate.KeyPhone); err != nil {
		return err
	}
	if !e.includeRecent {
		exporter.RecentSince = exporter.Finished.FinishedAt.AddDate(0, 0, -e.recentDays)
		if e.recent != "" {
			if exporter.Recent, err = readNames(e.recent); err != nil {
				return fmt.Errorf("--signed-in: %w", err)
			}
		}
	}
	if !e.hashes {
		return nil
	}
	if pool.Header.HashColumn() == "" {
		return fmt.Errorf("the destination %s offers no column for password hashes (GetCSVHeader returned none), so it takes none; leave out --hashes, and the users reset their password", exporter.Finished.Destination)
	}
	exporter.Hashes, err = readHashes(ctx, exporter.Finished, s)
	return err
}

func readNames(path string) (map[string]bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	names := make(map[string]bool)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name := strings.TrimSpace(lines.Text()); name != "" {
			names[name] = true
		}
	}
	return names, lines.Err()
}

// readHashes reads the hashes of all sources that have some.
func readHashes(ctx context.Context, finished reportstate.Finished, s streams) (map[tail.HashKey]tail.Hash, error) {
	configuration, err := app.Load(ctx, binary(), s.environ)
	if err != nil {
		return nil, err
	}
	opener := sourceOpener{rules: configuration.Rules, notes: s.err}
	hashes := make(map[tail.HashKey]tail.Hash)
	for i, source := range configuration.Sources {
		if source.UserPool != "" {
			continue // a user pool gives no hashes
		}
		opened, err := opener.open(ctx, source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.Name, err)
		}
		lister, ok := opened.Lister.(ports.HashLister)
		if !ok {
			fmt.Fprintf(s.err, "note: %s gives no password hashes (%s_KIND=%s)\n", source.Name, source.Name, source.Kind)
			continue
		}
		for user, err := range lister.Hashes(ctx) {
			if err != nil {
				return nil, fmt.Errorf("%s: %w", source.Name, err)
			}
			if hash := tail.HashOf(user.Hash.Reveal()); hash.Algorithm != "" {
				hashes[tail.HashKey{Source: i, Username: user.Username}] = hash
			}
		}
	}
	if given := strings.Join(sourcesOf(configuration), ", "); given != finished.Sources {
		return nil, fmt.Errorf("--hashes reads the sources again, and they are %s; the state file has %s. Set the variables that the report had", given, finished.Sources)
	}
	return hashes, nil
}

// announce says what will happen, before anything is written.
func announce(ctx context.Context, exporter *tail.Exporter, given exportFlags, s streams) error {
	var keeps func(source int, username string) bool
	if exporter.Hashes != nil {
		keeps = func(source int, username string) bool {
			_, has := exporter.Hashes[tail.HashKey{Source: source, Username: username}]
			return has
		}
	}
	users, kept, err := exporter.State.Importable(ctx, exporter.Vouch != importfile.Vouch{}, keeps)
	if err != nil {
		return err
	}
	figures, err := exporter.State.TailFigures(ctx, exporter.Finished.FinishedAt)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Destination %s, scanned at %s.\n", exporter.Finished.Destination, exporter.Finished.FinishedAt.Format(time.RFC3339))
	if !exporter.Finished.Complete {
		b.WriteString("The report could not list everything; users who are missing in it are in no file.\n")
	}
	if exporter.Vouch.Email || exporter.Vouch.Phone {
		fmt.Fprintf(&b, "YOU VOUCH for each contact of these kinds, whatever the source says: %s.\n", given.vouch)
	}
	fmt.Fprintf(&b, "Of %d users who could be imported, %d keep their password and %d must reset it.\n", users, kept, users-kept)
	last := figures.LastUsefulDay(exporter.Finished.FinishedAt).Format(time.DateOnly)
	fmt.Fprintf(&b, "After %s, waiting costs more resets than it saves:\n  %9d users can still move by signing in\n  %9d users are shut out until they are imported\n  %9d users moved in the last 30 days\n", last, figures.CanSignIn, figures.ShutOut, figures.Last30Days)
	if !exporter.RecentSince.IsZero() {
		fmt.Fprintf(&b, "Users who signed in at the source since %s are left out.\n", exporter.RecentSince.Format(time.DateOnly))
	}
	_, err = io.WriteString(s.out, b.String()+"\n")
	return err
}

func summarise(to io.Writer, done tail.Exported, given exportFlags) error {
	var b strings.Builder
	for _, file := range done.Manifest.Files {
		fmt.Fprintf(&b, "%s  %7d users  %11d bytes%s\n", file.Name, file.Rows, file.Bytes, strings.TrimRight("  "+file.Algorithm, " "))
	}
	left := 0
	for _, users := range done.LeftOut {
		left += users
	}
	fmt.Fprintf(&b, "\nexported %d users to %d files: %d keep their password, %d must reset it\n", done.Users, len(done.Manifest.Files), done.WithHash, done.Users-done.WithHash)
	fmt.Fprintf(&b, "left out %d users (left-out.csv)\n", left)
	for _, reason := range reporting.BySize(done.LeftOut) {
		fmt.Fprintf(&b, "  %-28s %7d\n", reason, done.LeftOut[reason])
	}
	if given.only != "" {
		fmt.Fprintf(&b, "not selected by --only %s: %d users\n", given.only, done.NotSelected)
	}
	if done.SignInUnknown > 0 && !given.includeRecent {
		fmt.Fprintf(&b, "of %d exported users, the source does not say when they last signed in; --signed-in\nFILE leaves out those whom you know of\n", done.SignInUnknown)
	}
	if done.Users > 0 {
		fmt.Fprintf(&b, "\nnext: bin/migratectl import --in %s --destination-pool %s --role ARN\n", given.out, done.Manifest.Destination)
	}
	_, err := io.WriteString(to, b.String())
	return err
}
