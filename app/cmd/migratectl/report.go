package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/adapters/reportpage"
	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/everything"
	reporting "cognito-user-migration/app/report"
	"cognito-user-migration/app/userfile"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/pflag"
	"golang.org/x/time/rate"
)

// reportFlags are the settings that are not in the environment.
type reportFlags struct {
	pool, region, sourceProfile   string
	state, html, remaining, pairs string
	lang                          string
	rate, factorRate, groupRate   float64
	rescan, factors, digests      bool
	groups                        bool
	asJSON                        bool
}

// reportCommand shows the migration as a whole.
func reportCommand() command {
	var given reportFlags
	return command{
		name:    "report",
		summary: "show how far the migration is, and what will happen to the rest",
		purpose: `Lists the destination and every source that can be listed, and joins their
users. It forecasts, by the function's own rules, what will happen to each user
who has not moved. It changes no pool. The state file keeps what was listed, and
holds identifiers of users. An interrupted scan continues; a finished one is
shown again until --rescan.`,
		required: []string{"destination-pool"},
		examples: [2]string{
			"bin/migratectl report --destination-pool ap-northeast-1_GhIjKl456 --source-aws-profile source",
			"bin/migratectl report --destination-pool ap-northeast-1_GhIjKl456 --rescan --html report.html",
		},
		failure: "something could not be listed, or the operation failed",
		flags:   given.declare,
		run:     func(ctx context.Context, s streams, _ string) error { return showReport(ctx, given, s) },
	}
}

func (r *reportFlags) declare(flags *pflag.FlagSet) {
	poolVar(flags, &r.pool, "destination-pool", "the `ID` of the destination user pool")
	regionVar(flags, &r.region)
	flags.StringVar(&r.sourceProfile, "source-aws-profile", "", "a `PROFILE` of your own in the source account, whose credentials list the source pool (default: those of the function's settings)")
	flags.StringVar(&r.state, "state", "move.db", "the `FILE` that keeps what was listed")
	r.rate, r.factorRate, r.groupRate = 5, 5, 5
	flags.Var(perSecond(&r.rate), "rate", "the most `REQUESTS` per second to each pool; the application shares the quota of 30")
	flags.BoolVar(&r.rescan, "rescan", false, "list everything again")
	flags.BoolVar(&r.factors, "second-factors", false, "ask for the second factors of each user of the source pools, one request each")
	flags.Var(perSecond(&r.factorRate), "second-factors-rate", "the most `REQUESTS` per second of --second-factors; sign-ins share the quota")
	flags.BoolVar(&r.groups, "groups", false, "list the groups of the user pools, and count their members who have moved")
	flags.Var(perSecond(&r.groupRate), "groups-rate", "the most `REQUESTS` per second of --groups to each pool")
	flags.BoolVar(&r.digests, "digests", false, "keep digests under AUDIT_HMAC_KEY in the state file, and no identifiers")
	flags.StringVar(&r.html, "html", "", "write a page to this `FILE`")
	r.lang = "en"
	choiceVar(flags, &r.lang, "lang", "the `LANGUAGE` of the page: en or ja", "en", "ja")
	flags.BoolVar(&r.asJSON, "json", false, "print one JSON object")
	flags.StringVar(&r.remaining, "remaining", "", "write the users who have not moved to this CSV `FILE`")
	flags.StringVar(&r.pairs, "map", "", "write the old and the new sub of each user who moved to this CSV `FILE`")
}

// check reports flags that do not fit each other.
func (r *reportFlags) check() error {
	switch {
	case r.digests && (r.remaining != "" || r.pairs != ""):
		return wrongUse("--remaining and --map need identifiers, which --digests does not keep; leave out --digests, and give --rescan where the state was made with it")
	case r.lang != "en" && r.html == "":
		return wrongUse("--lang is the language of the page; give --html FILE too")
	case r.state == "":
		return wrongUse("--state: \"\" is not valid; expected the name of a file, such as move.db")
	}
	files := []struct{ flag, path string }{{"--state", r.state}, {"--html", r.html}, {"--remaining", r.remaining}, {"--map", r.pairs}}
	for i, one := range files {
		for _, other := range files[:i] {
			if one.path != "" && isSameFile(one.path, other.path) {
				return wrongUse(other.flag + " and " + one.flag + " name the same file; give each a file of its own")
			}
		}
	}
	return nil
}

// isSameFile reports whether both paths name one file, through links too. The file
// need not exist. A device, such as /dev/null, is no file that can be lost.
func isSameFile(a, b string) bool {
	first, errFirst := os.Stat(a)
	second, errSecond := os.Stat(b)
	if errFirst == nil && errSecond == nil {
		return first.Mode().IsRegular() && os.SameFile(first, second)
	}
	first, errFirst = os.Stat(filepath.Dir(a))
	second, errSecond = os.Stat(filepath.Dir(b))
	return filepath.Base(a) == filepath.Base(b) && errFirst == nil && errSecond == nil && os.SameFile(first, second)
}

// errIncomplete is returned where the report was made, and something could not be
// listed.
var errIncomplete = errors.New("the report is incomplete: something could not be listed")

// gcPercent makes collections rarer: a scan keeps little, and allocates much.
const gcPercent = 200

func showReport(ctx context.Context, given reportFlags, s streams) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	if err := given.check(); err != nil {
		return err
	}
	given.region = cmp.Or(given.region, regionOf(given.pool))
	account := newAccount()
	configuration, err := app.Load(ctx, everything.Parts(account), s.environ)
	if err != nil {
		return err
	}
	if err := checkDestination(configuration, given.pool, ""); err != nil {
		return err
	}
	if given.digests && configuration.Audit.HMACKey.Empty() {
		return wrongUse("--digests needs a key; set AUDIT_HMAC_KEY to a secret of at least 32 characters")
	}
	one, err := newReporter(ctx, given, account, configuration, s)
	if err != nil {
		return err
	}
	return one.run(ctx)
}

// reporter makes one report.
type reporter struct {
	given    reportFlags
	scanner  reporting.Scanner
	identity reportstate.Identity
	pages    reportpage.Facts
	streams  streams
	// pools are the user pools among the sources, by the place of the source.
	pools map[int]*listing.Pool
	// estimates are the pools' own estimates of their users: by the place of the
	// source, and -1 for the destination.
	estimates map[int]int
	// unlisted says what could not be listed.
	unlisted []string
}

func newReporter(ctx context.Context, given reportFlags, account *stscredentials.Account, configuration *config.Config, s streams) (*reporter, error) {
	r := &reporter{given: given, streams: s, pools: make(map[int]*listing.Pool), estimates: make(map[int]int)}
	aConfig, err := credentialed(ctx, account)
	if err != nil {
		return nil, err
	}
	pool := listing.New(listing.NewClient(aConfig, given.region), given.pool)
	r.scanner = reporting.Scanner{
		Destination: pool, DestinationLimit: limit(given.rate), Rules: configuration.Rules,
	}
	if given.groups {
		r.scanner.DestinationGroups, r.scanner.GroupLimit = pool, limit(given.groupRate)
		r.scanner.GroupMap = configuration.Completion.Groups
	}
	if given.digests {
		r.scanner.Digests = configuration.Audit.HMACKey
	}
	if r.scanner.Pool, err = pool.Facts(ctx); err != nil {
		if errors.Is(err, ports.ErrUnreachable) {
			return nil, fmt.Errorf("the destination %s: %w\n  check the network, the VPN and the proxy (HTTPS_PROXY), then try again", given.pool, err)
		}
		if !errors.Is(err, ports.ErrMisconfigured) {
			return nil, fmt.Errorf("the destination %s: %w", given.pool, err)
		}
		fmt.Fprintf(s.err, "note: the destination %s could not be described, so its schema and letter case are not known: %v\n", given.pool, err)
	}
	r.estimates[-1] = r.scanner.Pool.Estimated
	if attributes, err := r.scanner.Rules.Attributes.In(r.scanner.Pool.Schema); err != nil {
		fmt.Fprintf(s.err, "note: the rules do not fit the destination's schema: %v\n", err)
	} else {
		r.scanner.Rules.Attributes = attributes
	}
	opener := sourceOpener{account: account, profile: given.sourceProfile, rules: r.scanner.Rules, notes: s.err}
	for i, source := range configuration.Sources {
		opened, err := r.open(ctx, opener, i, source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.Name, err)
		}
		r.scanner.Sources = append(r.scanner.Sources, opened)
	}
	sources := sourcesOf(configuration)
	rules, err := json.Marshal(reporting.RulesOf(r.scanner.Rules))
	if err != nil {
		return nil, err
	}
	r.identity = reportstate.Identity{
		Destination: given.pool, Sources: strings.Join(sources, ", "), Rules: string(rules) + factorsMark(given.factors) + carriedMark(r.scanner.Rules) + r.scanner.Pool.Schema.String(), Digests: given.digests,
	}
	r.pages = reportpage.Facts{Destination: given.pool, DestinationName: r.scanner.Pool.Name, Sources: sources, Lang: given.lang}
	return r, nil
}

// factorsMark tells scans with second factors from scans without them.
func factorsMark(factors bool) string { return " second-factors=" + strconv.FormatBool(factors) + " " }

// carriedMark tells scans by the destination's second factors, which decide what is
// forecast of users with a second factor if factors are carried over.
func carriedMark(rules domain.Rules) string {
	if rules.OnMFA != domain.MFACarry {
		return ""
	}
	return fmt.Sprintf("carried to %s, set by completion: %t ", rules.DestinationMFA, rules.SetsMFAPreference)
}

// limit allows so many requests per second, one at a time.
func limit(perSecond float64) *rate.Limiter { return rate.NewLimiter(rate.Limit(perSecond), 1) }

// open opens a source to be listed.
func (r *reporter) open(ctx context.Context, opener sourceOpener, position int, source config.Source) (reporting.Source, error) {
	opened := reporting.Source{Name: source.Name, Limit: limit(r.given.rate)}
	settings, isPool := cognitosource.SettingsOf(source.Settings)
	if !isPool {
		directory, err := opener.open(ctx, source)
		if err != nil {
			return reporting.Source{}, err
		}
		opened.Lister = directory.Lister
		if opened.Lister == nil {
			r.unlisted = append(r.unlisted, fmt.Sprintf("%s cannot be listed (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
		return opened, nil
	}
	pool, err := opener.pool(ctx, settings)
	if err != nil {
		return reporting.Source{}, err
	}
	r.pools[position], opened.Lister = pool, pool
	if facts, err := pool.Facts(ctx); err == nil { // an estimate is all that is needed of them
		r.estimates[position] = facts.Estimated
	}
	if r.given.factors {
		opened.SecondFactors, opened.FactorLimit = pool.SecondFactors, limit(r.given.factorRate)
	}
	if r.given.groups {
		opened.Groups, opened.GroupLimit = pool, limit(r.given.groupRate)
	}
	return opened, nil
}

func (r *reporter) run(ctx context.Context) error {
	state, err := reportstate.Open(ctx, r.given.state, r.identity, r.given.rescan)
	if err != nil {
		return err
	}
	defer func() { _ = state.Close() }() // every write was committed
	r.scanner.State = state
	scan, err := state.Begin(ctx, time.Now(), r.scanner.Parts(), r.given.rescan)
	if err != nil {
		return fmt.Errorf("%s: %w", r.given.state, err)
	}
	if time.Since(scan.StartedAt) < -time.Minute {
		fmt.Fprintln(r.streams.err, "note: the state file was scanned in the future by this machine's clock; check the clock")
	}
	if scan.FinishedAt.IsZero() {
		if scan, err = r.scan(ctx, scan); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(r.streams.err, "note: this is the scan of %s; --rescan lists everything again\n", scan.FinishedAt.Format(time.RFC3339))
	}
	if r.given.groups {
		if err := r.listGroups(ctx, state); err != nil {
			return err
		}
	}
	return r.write(ctx, state, scan, r.streams.out)
}

// scan lists and joins, and closes the scan.
func (r *reporter) scan(ctx context.Context, scan reportstate.Scan) (reportstate.Scan, error) {
	total := 0
	for _, users := range r.estimates {
		total += users
	}
	bar := newBar(r.streams, "listing users", total, progressbar.OptionShowIts(), progressbar.OptionSetItsString("users"), progressbar.OptionSetPredictTime(true))
	_ = bar.RenderBlank()
	r.scanner.Progress = func(users int) { _ = bar.Add(users) }
	err := r.scanner.Scan(ctx)
	_ = bar.Finish()
	if ctx.Err() != nil {
		return scan, r.interrupted()
	}
	if errors.Is(err, reporting.ErrNoDestination) {
		return scan, fmt.Errorf("%w; what was listed is kept in %s", err, r.given.state)
	}
	if err != nil {
		if !isOfService(err) {
			return scan, fmt.Errorf("%s: %w", r.given.state, err)
		}
		r.unlisted = append(r.unlisted, strings.Split(err.Error(), "\n")...)
	}
	if err := r.scanner.Join(ctx); err != nil {
		return scan, fmt.Errorf("%s: %w", r.given.state, err)
	}
	if err := r.verify(ctx); err != nil {
		return scan, err
	}
	scan.FinishedAt, scan.Complete = time.Now(), len(r.unlisted) == 0
	return scan, nil
}

// isOfService reports whether a pool or source could not be listed. The report is
// then incomplete; other errors, such as those of the state file, end it.
func isOfService(err error) bool {
	return errors.Is(err, ports.ErrMisconfigured) || errors.Is(err, ports.ErrThrottled) || errors.Is(err, ports.ErrUnreachable)
}

// listGroups lists the groups where this scan does not have them yet.
func (r *reporter) listGroups(ctx context.Context, state *reportstate.State) error {
	there, err := state.HasGroups(ctx)
	if err == nil && !there {
		err = r.scanner.ListGroups(ctx)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return r.interrupted()
	case isOfService(err):
		r.unlisted = append(r.unlisted, "the groups: "+err.Error())
		return nil
	default:
		return fmt.Errorf("%s: %w", r.given.state, err)
	}
}

// interrupted says how to continue.
func (r *reporter) interrupted() error {
	return fmt.Errorf("interrupted; what was listed is kept in %s, and the same command without --rescan continues", r.given.state)
}

// verify compares the slices of each user pool with a plain listing.
func (r *reporter) verify(ctx context.Context) error {
	for position, pool := range r.pools {
		missing, err := r.scanner.Missing(ctx, position, pool)
		if err != nil {
			if ctx.Err() != nil {
				return r.interrupted()
			}
			r.unlisted = append(r.unlisted, fmt.Sprintf("%s: the slices could not be compared with a plain listing: %v", r.scanner.Sources[position].Name, err))
			continue
		}
		if missing > 0 {
			r.unlisted = append(r.unlisted, fmt.Sprintf("%s: %d of the first users of a plain listing are in no slice; users may have signed up meanwhile, or the slices are incomplete", r.scanner.Sources[position].Name, missing))
		}
	}
	return nil
}

// compareEstimates says where a pool estimates to have clearly more or fewer users
// than were listed.
func (r *reporter) compareEstimates(output *reporting.Output) {
	output.Compare("destination", r.estimates[-1], output.Destination.Users)
	for _, position := range slices.Sorted(maps.Keys(r.pools)) {
		output.Compare(output.Source[position].Name, r.estimates[position], output.Source[position].Users)
	}
	for _, one := range output.Estimates {
		fmt.Fprintf(r.streams.err, "note: %s: the user pool estimates that it has %d users, and %d were listed; --rescan lists again, and a lasting difference means that the slices are incomplete\n", one.Pool, one.Estimated, one.Listed)
	}
}

// write prints the report and writes the files that were asked for.
func (r *reporter) write(ctx context.Context, state *reportstate.State, scan reportstate.Scan, to io.Writer) error {
	names := make([]string, len(r.scanner.Sources))
	totals := make([]domain.SourceTotals, len(r.scanner.Sources))
	for i, source := range r.scanner.Sources {
		names[i] = source.Name
		totals[i] = domain.SourceTotals{Name: source.Name, Listed: source.Lister != nil}
	}
	rows, err := state.Rows(ctx, names)
	if err != nil {
		return err
	}
	destination, err := state.DestinationTotals(ctx)
	if err != nil {
		return err
	}
	output := reporting.NewOutput(domain.NewReport(scan.FinishedAt, totals, rows), destination, r.scanner.Rules)
	if r.given.groups {
		groups, err := state.GroupTotals(ctx)
		if err != nil {
			return err
		}
		output.Groups = reporting.GroupsOutput(groups, names)
	}
	r.compareEstimates(&output)
	text, err := json.MarshalIndent(output, "", "  ")
	if err != nil {
		return err
	}
	if err := state.Finish(ctx, scan.FinishedAt, scan.Complete, string(text)); err != nil {
		return fmt.Errorf("%s: %w", r.given.state, err)
	}
	if r.given.asJSON {
		_, err = fmt.Fprintln(to, string(text))
	} else {
		err = reporting.WriteText(to, output)
	}
	if err != nil {
		return err
	}
	if err := r.writeFiles(ctx, state, output, names); err != nil {
		return err
	}
	for _, what := range r.unlisted {
		fmt.Fprintln(r.streams.err, "not listed:", what)
	}
	if !scan.Complete || len(r.unlisted) > 0 {
		return errIncomplete
	}
	return nil
}

func (r *reporter) writeFiles(ctx context.Context, state *reportstate.State, output reporting.Output, names []string) error {
	if r.given.html != "" {
		err := writeFile("--html", r.given.html, func(to io.Writer) error { return reportpage.Write(to, r.pages, output.Page()) })
		if err != nil {
			return err
		}
	}
	if r.given.remaining != "" {
		header := []string{"source", "username", "sub", "status", "enabled", "signIn", "signInReason", "forgotPassword", "forgotPasswordReason", "import", "importReason"}
		err := writeCSV(ctx, "--remaining", r.given.remaining, header, state, domain.StandingRemaining, func(user ports.ReportedUser) []string {
			f := user.Forecast
			return []string{names[user.Source], user.Username, user.Sub, string(user.Status), strconv.FormatBool(user.Enabled),
				verdict(f.SignIn), string(f.SignIn.Reason), verdict(f.ForgotPassword), string(f.ForgotPassword.Reason), verdict(f.Import), string(f.Import.Reason)}
		})
		if err != nil {
			return err
		}
	}
	if r.given.pairs == "" {
		return nil
	}
	header := []string{"source", "oldSub", "newSub", "username", "movedAt"}
	return writeCSV(ctx, "--map", r.given.pairs, header, state, domain.StandingMoved, func(user ports.ReportedUser) []string {
		return []string{names[user.Source], user.Sub, user.Destination.Sub, user.Destination.Username, user.Destination.CreatedAt.Format(time.RFC3339)}
	})
}

func verdict(prospect domain.Prospect) string {
	if prospect.Possible {
		return "migrate"
	}
	return "refuse"
}

func writeFile(flag, path string, write func(io.Writer) error) error {
	if err := userfile.Write(path, write); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

func writeCSV(ctx context.Context, flag, path string, header []string, state *reportstate.State, standing domain.Standing, row func(ports.ReportedUser) []string) error {
	return writeFile(flag, path, func(to io.Writer) error {
		lines := csv.NewWriter(to)
		_ = lines.Write(header) // Error tells what went wrong
		for user, err := range state.Users(ctx, standing) {
			if err != nil {
				return err
			}
			_ = lines.Write(asText(row(user))) // as above
		}
		lines.Flush()
		return lines.Error()
	})
}

// asText puts an apostrophe in front of cells that a spreadsheet would run.
func asText(cells []string) []string {
	for i, cell := range cells {
		if userfile.IsFormula(cell) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
