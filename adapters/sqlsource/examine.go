package sqlsource

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("sql", examined) }

func examined(ctx context.Context, subject examine.Subject[*configured]) []ports.Examined {
	e := examination{Subject: subject}
	defer e.close()
	return examine.Run(ctx,
		examine.One(ports.AspectReached, e.reached),
		examine.One(ports.AspectCertificate, e.certificate),
		examine.One(ports.AspectCredentials, e.credentials),
		examine.One(ports.AspectLookUp, e.lookUp),
		// The source has one connection, so that these follow each other.
		examine.One(ports.AspectIndex, e.index),
		examine.One(ports.AspectHashes, e.hashes),
	)
}

// examination examines one database.
type examination struct {
	examine.Subject[*configured]
	directory *Directory
}

func (e *examination) close() {
	if e.directory != nil {
		_ = e.directory.Close() // it only read
	}
}

func (e *examination) reached(ctx context.Context) ports.Examined {
	to, err := e.Settings.address()
	if err != nil {
		return examine.Fail(err.Error(), "correct "+e.Variable("URL"))
	}
	return examine.Dial(ctx, to.endpoint(), e.Variable("URL"))
}

func (e *examination) certificate(ctx context.Context) ports.Examined {
	if e.Settings.TLS == TLSOff {
		return examine.Skip(e.Variable("TLS") + "=off: the connection has no TLS")
	}
	to, err := e.Settings.address()
	if err != nil {
		return examine.Fail(err.Error(), "correct "+e.Variable("URL"))
	}
	trusted, err := e.Settings.tls(to.host)
	if err != nil {
		return examine.Fail(err.Error(), "correct "+e.Variable("CA_BUNDLE"))
	}
	driver, err := e.Settings.Driver.of(e.Settings.drivers)
	if err != nil {
		return examine.Fail(err.Error(), "use a binary that has the driver")
	}
	return examine.Certificate(ctx, examine.Trust{
		Config: trusted, Host: to.host, Variable: e.Variable, Address: "URL", Now: e.Probe.Now,
	}, func(ctx context.Context, config *tls.Config) error {
		connector, err := driver.Connector(dialect.Connection{
			Host: to.host, Port: to.port, Database: to.database, User: to.user, TLS: config,
			// The handshake always fails before a password is sent.
			Password: func(context.Context) (domain.Secret, error) { return domain.Secret{}, nil },
		})
		if err != nil {
			return err
		}
		conn, err := connector.Connect(ctx)
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
}

// credentials signs in to the database.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := e.Settings.open(ctx, e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "correct the settings")
	}
	e.directory = directory
	if err := directory.db.PingContext(ctx); err != nil {
		told := directory.fault(err)
		classified := directory.classify(ctx, err)
		found := examine.Fail(classified.Error(), e.remedyOfLogin(told.Code))
		// The role of AUTH=iam may trust only the function.
		found.NotPermitted = e.Settings.Role.RoleARN != "" && told.Code == "" && errors.Is(classified, ports.ErrMisconfigured)
		return found
	}
	how := "its password"
	if e.Settings.Auth == AuthIAM {
		how = "an IAM token"
	}
	return examine.Pass("the database accepts the user of " + e.Variable("URL") + " with " + how)
}

func (e *examination) remedyOfLogin(code string) string {
	address := e.Variable("URL")
	switch code {
	case "SQLSTATE 28P01", "error 1045":
		if e.Settings.Auth == AuthIAM {
			return "grant the database user rds_iam (PostgreSQL) or AWSAuthenticationPlugin (MySQL), and the role rds-db:connect for this user"
		}
		return "correct user and password in " + address + ", percent-encoded"
	case "SQLSTATE 28000", "error 1130", "error 1698":
		return "let the server accept this user from the function's network, with the kind of TLS of " + e.Variable("TLS") + " (pg_hba.conf, or the host part of the account)"
	case "SQLSTATE 3D000", "error 1049":
		return "correct the database's name at the end of " + address
	case "SQLSTATE 42501", "error 1044":
		return "grant the user of " + address + " the right to connect to this database"
	case "SQLSTATE 53300", "error 1040", "error 1203", "error 1226":
		return "raise the limit of connections, use a proxy such as RDS Proxy, and limit the function's concurrency"
	case "":
		return "check the server's log, and that the server speaks the protocol of " + e.Variable("DRIVER")
	}
	return "look the code up in the database's manual, and correct " + address
}

// lookUp runs the query.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	if err := e.tried(ctx); err != nil {
		told := e.directory.fault(err)
		if !told.Incomparable && told.Code != "" {
			return examine.Fail(e.directory.classify(ctx, err).Error()+nameIn(told.Code, err), e.remedyOfQuery(told.Code))
		}
	}
	finding, err := e.directory.FindUser(ctx, e.Probe.Username)
	if err != nil {
		return examine.Fail(err.Error(), e.remedyOfRow(err))
	}
	return examine.Found(e.Probe, finding, e.Options.Rules, nil)
}

// tried runs the query once and returns the driver's own error.
func (e *examination) tried(ctx context.Context) error {
	rows, err := e.directory.db.QueryContext(ctx, e.directory.query, e.Probe.Username)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err returns the same error
	rows.Next()
	return rows.Err()
}

func (e *examination) remedyOfRow(err error) string {
	query := e.Variable("QUERY")
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the query takes longer than an attempt may: index the columns that " + query + " compares with " + placeholder
	case errors.Is(err, ports.ErrMisconfigured):
		return "correct the columns of " + query + ": docs/sources/sql.md lists them"
	}
	return "check the database and the network"
}

func (e *examination) remedyOfQuery(code string) string {
	query := e.Variable("QUERY")
	user := "the user of " + e.Variable("URL")
	switch code {
	case "SQLSTATE 42703", "error 1054":
		return "correct the column's name in " + query
	case "SQLSTATE 42P01", "SQLSTATE 3F000", "error 1146":
		return "correct the table's name in " + query + " (with its schema), and let " + user + " see it"
	case "SQLSTATE 42501", "error 1142", "error 1143", "error 1044":
		return "grant " + user + " SELECT on the tables and columns of " + query + ", if they exist"
	case "SQLSTATE 42601", "error 1064":
		return "correct the syntax of " + query + ": run it in the database's own client with a name in place of " + placeholder
	case "SQLSTATE 42883", "SQLSTATE 42804", "SQLSTATE 42P08", "SQLSTATE 42P18":
		return "compare values of the same type in " + query + ", for example CAST(" + placeholder + " AS text)"
	case "error 1267":
		return "compare columns of the same collation in " + query + ", or add COLLATE"
	case "SQLSTATE 42702", "error 1052":
		return "name the table before the ambiguous column in " + query
	}
	return "correct " + query + ": run it in the database's own client with a name in place of " + placeholder
}

// nameIn returns the quoted name in an error about a column, table or function:
// these errors have names and no values.
func nameIn(code string, err error) string {
	named := []string{
		"SQLSTATE 42703", "SQLSTATE 42P01", "SQLSTATE 42501", "SQLSTATE 3F000", "SQLSTATE 42702", "error 1054", "error 1146", "error 1142", "error 1052",
	}
	if !slices.Contains(named, code) {
		return ""
	}
	for _, form := range []string{"for table ([\\w.$`-]{1,128})", `"([\w.$-]{1,128})"`, `'([\w.$-]{1,128})'`, `(?:table|view|schema|column) ([\w.$-]{1,128})`} {
		if found := regexp.MustCompile(form).FindStringSubmatch(err.Error()); found != nil {
			return " (" + strings.ReplaceAll(found[1], "`", "") + ")"
		}
	}
	return ""
}

// index asks the database how it runs the query.
func (e *examination) index(ctx context.Context) ports.Examined {
	plan := e.planOfMySQL
	if e.Settings.Driver == Postgres {
		plan = e.planOfPostgres
	}
	full, err := plan(ctx)
	if err != nil {
		return examine.Warn("the database does not explain the query: "+e.directory.classify(ctx, err).Error(),
			"run EXPLAIN for "+e.Variable("QUERY")+" yourself, and look for scans of whole tables")
	}
	if len(full) == 0 {
		return examine.Pass("the query uses an index")
	}
	var saw, remedies []string
	for _, scan := range full {
		saw = append(saw, scan.table)
		remedies = append(remedies, scan.remedy(e.Settings.Driver)...)
	}
	slices.Sort(remedies)
	return examine.Warn("the query reads the whole table "+strings.Join(saw, ", ")+" for each sign-in: no index fits its comparison",
		strings.Join(slices.Compact(remedies), "; "))
}

// fullScan is a table that the query reads as a whole.
type fullScan struct {
	table string
	// compared are the columns or expressions that are compared with the name;
	// empty if they are not known.
	compared []string
}

func (s fullScan) remedy(driver Driver) []string {
	if len(s.compared) == 0 {
		return []string{"create an index on the column of " + s.table + " that the query compares or joins"}
	}
	var remedies []string
	for _, column := range s.compared {
		isColumn := regexp.MustCompile("^[\\w.`\"$]+$").MatchString(column)
		switch {
		case driver == Postgres && isColumn:
			remedies = append(remedies, fmt.Sprintf("CREATE INDEX ON %s (%s)", s.table, column))
		case driver == Postgres:
			remedies = append(remedies, fmt.Sprintf("CREATE INDEX ON %s ((%s))", s.table, column))
		case isColumn:
			remedies = append(remedies, fmt.Sprintf("CREATE INDEX %s_%s ON %s (%s)", unquoted(s.table), unquoted(column), s.table, column))
		default:
			remedies = append(remedies, "compare the column itself instead of "+column+" (most collations ignore case), and create an index on it")
		}
	}
	return remedies
}

func unquoted(name string) string {
	return strings.Trim(name[strings.LastIndexByte(name, '.')+1:], "`\"")
}

// planOfPostgres explains the query with sequential scans switched off, so that
// the plan of a small table has one only if no index fits.
func (e *examination) planOfPostgres(ctx context.Context) ([]fullScan, error) {
	tx, err := e.directory.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // the transaction is read-only
	if _, err := tx.ExecContext(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, "EXPLAIN (COSTS OFF, VERBOSE OFF) "+e.directory.query, e.Probe.Username)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err returns the same error
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return scansOfPostgres(lines, e.Probe.Username), rows.Err()
}

// scansOfPostgres finds the full scans of a plan in text form. A node with an
// index but without a condition reads the whole index.
func scansOfPostgres(lines []string, typed string) []fullScan {
	var found []fullScan
	node := regexp.MustCompile(`(?:Parallel )?(Seq Scan|Index Scan|Index Only Scan)(?: Backward)?(?: using \S+)? on (\S+)`)
	current := fullScan{}
	isFull := false
	end := func() {
		if isFull && current.table != "" {
			found = append(found, current)
		}
		current, isFull = fullScan{}, false
	}
	for _, line := range lines {
		if matched := node.FindStringSubmatch(line); matched != nil {
			end()
			current.table, isFull = matched[2], true
			continue
		}
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "->"):
			end()
		case strings.HasPrefix(trimmed, "Index Cond:"):
			isFull = false
		case strings.HasPrefix(trimmed, "Filter:"):
			current.compared = comparedWith(trimmed, typed)
		}
	}
	end()
	return found
}

// comparedWith returns what a filter of a plan compares with the typed name.
func comparedWith(filter, typed string) []string {
	var found []string
	for _, literal := range []string{" = '" + typed + "'", " = '" + strings.ToLower(typed) + "'", " = $1", " = lower($1", " = (CAST($1", " = ($1", " ~~* '" + typed + "'", " ~~* $1"} {
		rest := filter
		for {
			at := strings.Index(rest, literal)
			if at < 0 {
				break
			}
			if expression := before(rest[:at]); expression != "" && !slices.Contains(found, expression) {
				found = append(found, expression)
			}
			rest = rest[at+len(literal):]
		}
	}
	return found
}

// before returns the expression at the end of a text, without the casts that
// PostgreSQL adds: (username)::text is username.
func before(text string) string {
	depth, start := 0, 0
	for i := len(text) - 1; i >= 0 && start == 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth < 0 {
				start = i + 1
			}
		case ' ':
			if depth == 0 {
				start = i + 1
			}
		}
	}
	expression := text[start:]
	return regexp.MustCompile(`\(?([\w."$]+)\)?::(?:text|character varying|varchar|bpchar|citext)(?:\[\])?`).ReplaceAllString(expression, "$1")
}

// planOfMySQL explains the query.
func (e *examination) planOfMySQL(ctx context.Context) ([]fullScan, error) {
	rows, err := e.directory.db.QueryContext(ctx, "EXPLAIN "+e.directory.query, e.Probe.Username)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err returns the same error
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var found []fullScan
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		of := func(name string) string {
			at := slices.IndexFunc(columns, func(column string) bool { return strings.EqualFold(column, name) })
			if at < 0 {
				return ""
			}
			return values[at].String
		}
		if kind := of("type"); !strings.EqualFold(kind, "ALL") && !strings.EqualFold(kind, "index") {
			continue
		}
		compared := comparedInQuery(e.Settings.Query)
		possible := strings.FieldsFunc(of("possible_keys"), func(r rune) bool { return r == ',' })
		if strings.HasPrefix(of("table"), "<") || len(possible) > 0 && len(possible) >= len(compared) {
			continue // a derived table, or a small table whose indexes would be used
		}
		found = append(found, fullScan{table: tableOf(e.Settings.Query, of("table")), compared: compared})
	}
	return found, rows.Err()
}

// comparedInQuery returns what the text of a query compares with the typed name.
func comparedInQuery(query string) []string {
	var found []string
	of := regexp.MustCompile("(?i)((?:\\w+\\()?[\\w.`\"$]+\\)?)\\s*(?:=|like|ilike)\\s*(?:\\w+\\()?\\s*" + placeholder)
	for _, matched := range of.FindAllStringSubmatch(query, -1) {
		found = append(found, matched[1])
	}
	return found
}

// tableOf returns the name of the table that has an alias in the query.
func tableOf(query, alias string) string {
	of := regexp.MustCompile("(?i)(?:from|join|,)\\s+([\\w.`\"$]+)\\s+(?:as\\s+)?[`\"]?" + regexp.QuoteMeta(alias) + "[`\"]?(?:\\s|,|\\)|$)")
	if matched := of.FindStringSubmatch(query); matched != nil {
		return strings.Trim(matched[1], "`\"")
	}
	return alias
}

// hashes samples the hashes by LIST_QUERY, or by the query itself without its
// comparison.
func (e *examination) hashes(ctx context.Context) ports.Examined {
	var sample iter.Seq2[string, error]
	switch {
	case e.Settings.ListQuery != "":
		sample = hashed.Listed(e.directory.Hashes(ctx))
	case sampled(e.Settings.Query) != "":
		sample = e.sample(ctx)
	default:
		return examine.Skip("set " + e.Variable("LIST_QUERY") + ", and doctor samples the hashes")
	}
	return e.Settings.Hashes.Examine(ctx, sample)
}

// sampled returns a query for any users: each comparison with the typed name
// becomes one of a column with itself. It is empty if the query is not so simple.
func sampled(query string) string {
	of := regexp.MustCompile("(?i)((?:\\w+\\()?([\\w.`\"$]+)\\)?\\s*=\\s*(?:\\w+\\(\\s*)?)" + placeholder + `\b`)
	replaced := of.ReplaceAllString(query, "${1}${2}")
	if replaced == query || strings.Contains(replaced, placeholder) {
		return ""
	}
	return fmt.Sprintf("SELECT * FROM (%s) AS sampled LIMIT %d", strings.TrimRight(strings.TrimSpace(replaced), ";"), hashed.MostSampled)
}

// sample reads the hashes of some users.
func (e *examination) sample(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := e.directory.list(ctx, sampled(e.Settings.Query), func(entry *hashed.Entry) error {
			if entry.Hash != "" && !yield(entry.Hash, nil) {
				return errStop
			}
			return nil
		})
		if err := unlessStopped(err); err != nil {
			yield("", fmt.Errorf("set %s: %w", e.Variable("LIST_QUERY"), err))
		}
	}
}
