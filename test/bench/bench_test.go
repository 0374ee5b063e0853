package bench_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/test/bench"
)

func top(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestOneRound runs all of it once, over the programs that need Go alone. What
// is looked at is what does not depend on the machine: counts, never times.
func TestOneRound(t *testing.T) {
	t.Parallel()
	report, err := bench.Run(t.Context(), bench.Options{
		Top:          top(t),
		Programs:     []string{bench.Floor, bench.Bootstrap, bench.IDToken, bench.NoWarming},
		Rounds:       1,
		Invocations:  5,
		Delays:       []time.Duration{0, 3 * time.Millisecond},
		LoadRounds:   1,
		LoadAttempts: 2,
		LoadMost:     10, // more at once than the machine can carry run out of Cognito's time
		Progress:     io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("each program makes the calls that it must, and no more", func(t *testing.T) {
		for _, row := range []struct {
			program, metric string
			want            float64
		}{
			{bench.Floor, bench.AssumeRoles, 0},
			{bench.Floor, bench.SignIns, 1},
			{bench.Floor, bench.Profiles, 1},
			{bench.Floor, bench.STSConnections, 0},
			{bench.Floor, bench.CognitoConnections, 1},
			{bench.Bootstrap, bench.AssumeRoles, 1},
			{bench.Bootstrap, bench.SignIns, 1},
			{bench.Bootstrap, bench.Profiles, 1},
			{bench.Bootstrap, bench.STSConnections, 1},
			{bench.Bootstrap, bench.CognitoConnections, 1},
			{bench.IDToken, bench.AssumeRoles, 1},
			{bench.IDToken, bench.SignIns, 1},
			{bench.IDToken, bench.Profiles, 0},
			{bench.IDToken, bench.CognitoConnections, 1},
			{bench.NoWarming, bench.AssumeRoles, 1},
			{bench.NoWarming, bench.CognitoConnections, 1},
		} {
			if got, measured := report.Figure(row.program, row.metric); !measured || got.Min != row.want || got.Max != row.want {
				t.Errorf("%s of %s: %+v (measured: %t), want %v", row.metric, row.program, got, measured, row.want)
			}
		}
	})

	t.Run("each program has every figure", func(t *testing.T) {
		for _, p := range report.Programs {
			if p.Skipped != "" || p.Bytes == 0 {
				t.Errorf("%s: skipped %q, %d bytes", p.Name, p.Skipped, p.Bytes)
			}
			for _, metric := range []string{
				bench.Start, bench.First, bench.AfterIdle,
				bench.WithDelay(bench.WarmP50, 0), bench.WithDelay(bench.WarmP99, 0),
				bench.WithDelay(bench.WarmP50, 3*time.Millisecond), bench.WithDelay(bench.WarmP99, 3*time.Millisecond),
			} {
				if figure := p.Figures[metric]; figure.Median <= 0 || figure.ToFloor <= 0 || p.Name == bench.Floor && figure.ToFloor != 1 {
					t.Errorf("%s of %s: %+v", metric, p.Name, figure)
				}
			}
		}
	})

	t.Run("the delay is the server's: two calls wait for it twice", func(t *testing.T) {
		if got, _ := report.Figure(bench.Floor, bench.WithDelay(bench.WarmP50, 3*time.Millisecond)); got.Min < 6 {
			t.Errorf("two calls of 3 ms took %v ms", got.Min)
		}
	})

	t.Run("cost grows over each thing", func(t *testing.T) {
		if report.Load == nil || len(report.Load.Series) != 4 {
			t.Fatalf("load: %+v", report.Load)
		}
		for _, series := range report.Load.Series {
			for _, point := range series.Points {
				want := 2.0 // a sign-in, and a profile or a message
				if series.Name == "sources" {
					// Each is asked, and the last gives the profile. Then each earlier one is
					// asked about both verified contacts, which may be another user's there.
					earlier := point.N - 1
					want = float64(point.N + 1 + 2*earlier)
				}
				if point.Calls != want {
					t.Errorf("%d %s: %v calls each, want %v", point.N, series.Title, point.Calls, want)
				}
			}
		}
	})

	t.Run("every target is compared", func(t *testing.T) {
		if len(report.Targets) < 15 {
			t.Errorf("%d targets", len(report.Targets))
		}
		for _, target := range report.Targets {
			of := strings.Contains(target.Title, "Python") || strings.Contains(target.Title, "Node") ||
				strings.Contains(target.Title, "alone") || strings.Contains(target.Title, "image")
			needsLinux := strings.Contains(target.Title, "CPU") || strings.Contains(target.Title, "memory")
			if !of && !needsLinux && !target.Known {
				t.Errorf("not measured: %+v", target)
			}
			if of && (target.Known || target.Met) {
				t.Errorf("said to be measured: %+v", target)
			}
		}
	})

	t.Run("the JSON reads as it was written", func(t *testing.T) {
		var text bytes.Buffer
		if err := report.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		var read bench.Report
		decoder := json.NewDecoder(&text)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&read); err != nil {
			t.Fatal(err)
		}
		if len(read.Programs) != 4 || read.Programs[1].Figures[bench.Start] != report.Programs[1].Figures[bench.Start] {
			t.Errorf("read %+v", read)
		}
	})

	t.Run("the plot is XML", func(t *testing.T) {
		words := checkPlot(t, report)
		for _, p := range report.Programs {
			if !strings.Contains(words, p.Label) {
				t.Errorf("the plot says nothing of %s", p.Label)
			}
		}
	})

	t.Run("the tables name every program and go where a page wants them", func(t *testing.T) {
		page, err := report.Insert([]byte("before\n<!-- bench:begin -->\nstale words\n<!-- bench:end -->\nafter\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range report.Programs {
			if !strings.Contains(string(page), p.Title) {
				t.Errorf("the tables say nothing of %s", p.Title)
			}
		}
		if !strings.HasPrefix(string(page), "before\n") || !strings.HasSuffix(string(page), "after\n") || strings.Contains(string(page), "stale words") {
			t.Errorf("the page is\n%s", page)
		}
		if _, err := report.Insert([]byte("no markers")); err == nil {
			t.Error("a page without markers was taken")
		}
	})
}

// checkPlot reads the plot and returns its words.
func checkPlot(t *testing.T, report *bench.Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := report.WritePlot(&text); err != nil {
		t.Fatal(err)
	}
	var words strings.Builder
	decoder := xml.NewDecoder(&text)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return words.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			words.Write(token)
		case xml.StartElement:
			for _, attribute := range token.Attr {
				if strings.Contains(attribute.Value, "NaN") || strings.Contains(attribute.Value, "Inf") {
					t.Errorf("%s has %s=%q", token.Name.Local, attribute.Name.Local, attribute.Value)
				}
			}
		}
	}
}

func TestAReportWithoutFiguresIsAPlotThatSaysSo(t *testing.T) {
	t.Parallel()
	if words := checkPlot(t, new(bench.Report)); !strings.Contains(words, "No run has been kept yet") {
		t.Errorf("the plot says %q", words)
	}
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	_, err := bench.Run(t.Context(), bench.Options{Top: top(t), Programs: []string{"nobody"}, Progress: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "there are: floor, bootstrap") {
		t.Errorf("got %v", err)
	}
}

// What is measured is what `make build` builds.
func TestTheFlagsAreTheMakefiles(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	build := regexp.MustCompile(`(?m)^BUILD := .*$`).FindString(string(makefile))
	for _, flag := range []string{"CGO_ENABLED=0", "-trimpath", `-s -w -X main.version=`} {
		if !strings.Contains(build, flag) {
			t.Errorf("the Makefile does not build with %s: %s", flag, build)
		}
	}
	if flags := strings.Count(build, " -"); flags != 4 { // -trimpath -ldflags -w -X
		t.Errorf("the Makefile builds with %d flags, this package knows 4: %s", flags, build)
	}
	dockerfile, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for file, tags := range map[string]string{
		string(makefile):   "FUNCTION_TAGS := " + bench.ProductionTags + "\n",
		string(dockerfile): " -tags " + bench.ProductionTags + " ",
	} {
		if !strings.Contains(file, tags) {
			t.Errorf("the function is built with other tags than %s:\n%s", bench.ProductionTags, file)
		}
	}
}

func TestTheFiguresOfRounds(t *testing.T) {
	t.Parallel()
	rounds := []map[string]float64{{"a": 4}, {"a": 9}, {"a": 6, "b": 1}}
	floor := []map[string]float64{{"a": 2}, {"a": 3}, {"a": 6}}
	figures := bench.Summarize(rounds, floor)
	if got, want := figures["a"], (bench.Figure{Median: 6, Min: 4, Max: 9, ToFloor: 2}); got != want {
		t.Errorf("got %+v, want %+v: the ratio is the median of 2, 3 and 1", got, want)
	}
	if got, want := figures["b"], (bench.Figure{Median: 1, Min: 1, Max: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheVerdictOnGrowth(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		cost func(n float64) float64
		want string
	}{
		{"a constant is flat", func(float64) float64 { return 2 }, "flat"},
		{"a little more is flat", func(n float64) float64 { return 2 + n/1000 }, "flat"},
		{"less and less is flat", func(n float64) float64 { return 2 - n/100 }, "flat"},
		{"so much for each is linear", func(n float64) float64 { return 1 + n/10 }, "linear"},
		{"less for each is linear", math.Sqrt, "linear"},
		{"a square is more", func(n float64) float64 { return 1 + n*n/100 }, "more than linear"},
		{"nothing was measured", func(float64) float64 { return 0 }, "not measured"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var points []bench.Point
			for _, n := range []int{1, 2, 5, 10, 25, 50} {
				points = append(points, bench.Point{N: n, CPU: bench.Figure{Median: row.cost(float64(n))}})
			}
			if got := bench.GrowthOf(points).Verdict; got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
