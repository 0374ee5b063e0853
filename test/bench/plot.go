package bench

import (
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
)

// panel is one metric of the plot.
type panel struct {
	title  string
	unit   string
	metric string
}

// Measures of the plot, in pixels.
const (
	plotWidth   = 1000
	namesWidth  = 240
	panelWidth  = 240
	panelGap    = 13
	rowHeight   = 26
	headHeight  = 64
	bandGap     = 34
	chartHeight = 150
	// valueRoom is what the figure beside a point needs.
	valueRoom = 92
)

const plotStyle = `
  text { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .page { fill: #ffffff; stroke: #d0d7de }
  .title { font-size: 17px; font-weight: 600 }
  .head { font-weight: 600 }
  .small, .value { font-size: 12px }
  .small { fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .range { stroke: #8c959f; stroke-width: 4; stroke-linecap: round }
  .other { fill: #8c959f }
  .ours { fill: #0969da }
  .floor { fill: #1a7f37 }
  .line { stroke: #0969da; stroke-width: 2; fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117; stroke: #30363d }
    .small { fill: #9198a1 }
    .grid { stroke: #30363d }
    .range { stroke: #6e7681 }
    .other { fill: #9198a1 }
    .ours { fill: #58a6ff }
    .floor { fill: #3fb950 }
    .line { stroke: #58a6ff }
  }
`

// plot is an SVG that is being written.
type plot struct {
	strings.Builder
}

func (p *plot) element(format string, arguments ...any) {
	fmt.Fprintf(p, format+"\n", arguments...)
}

// text writes text; align is start, middle or end.
func (p *plot) text(x, y float64, class, align, text string) {
	p.element(`<text x="%.0f" y="%.0f" class="%s" text-anchor="%s">%s</text>`, x, y, class, align, html.EscapeString(text))
}

// WritePlot writes the report as an SVG, on a scale of powers of ten. Each median is
// a point, with a bar from the least to the most of the rounds. A report without
// figures is a plot that says so.
func (r *Report) WritePlot(w io.Writer) error {
	var body plot
	y := 36.0
	body.text(20, y, "title", "start", "What one sign-in costs")
	y += 22
	body.text(20, y, "small", "start", r.caption())
	y += 14
	for _, band := range r.bands() {
		y = body.band(r, band, y)
	}
	if r.Load != nil {
		y = body.load(r.Load, y)
	}
	height := y + 16
	var whole plot
	whole.element(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" role="img" aria-labelledby="t d">`, plotWidth, height, plotWidth, height)
	whole.element(`<title id="t">What one sign-in costs</title>`)
	whole.element(`<desc id="d">%s</desc>`, html.EscapeString(r.description()))
	whole.element(`<style>%s</style>`, plotStyle)
	whole.element(`<rect class="page" x="0.5" y="0.5" width="%d" height="%.0f" rx="8"/>`, plotWidth-1, height-1)
	whole.WriteString(body.String())
	whole.element(`</svg>`)
	_, err := io.WriteString(w, whole.String())
	return err
}

func (r *Report) caption() string {
	if !r.measured() && r.Load == nil {
		return "No run has been kept yet: make bench KEEP=1 on a quiet machine."
	}
	return fmt.Sprintf("%s, %s: %d × %s, %s/%s; medians of %d rounds, bars from least to most, × the floor's. Scales are powers of ten.",
		r.Date.Format("2006-01-02"), r.Version, r.Machine.Cores, r.Machine.Processor, r.Machine.OS, r.Machine.Arch, r.Rounds)
}

// description is the plot in words: the medians of what is shipped.
func (r *Report) description() string {
	if !r.measured() {
		return r.caption()
	}
	var words []string
	for _, band := range r.bands() {
		for _, one := range band {
			if figure, measured := r.Figure(Bootstrap, one.metric); measured {
				words = append(words, fmt.Sprintf("%s: %s %s", one.title, number(figure.Median), one.unit))
			}
		}
	}
	return "Of the function as it is shipped: " + strings.Join(words, "; ") + "."
}

func (r *Report) measured() bool {
	for _, p := range r.Programs {
		if len(p.Figures) > 0 {
			return true
		}
	}
	return false
}

// bands are the panels, three beside each other.
func (r *Report) bands() [][]panel {
	if !r.measured() {
		return nil
	}
	panels := []panel{{"start to first poll", "ms", Start}, {"first invocation", "ms", First}}
	for _, ms := range r.DelaysMS {
		panels = append(panels, panel{"warm, server delay " + strconv.FormatFloat(ms, 'g', -1, 64) + " ms", "ms", WarmP50 + delayOf(ms)})
	}
	panels = append(panels, panel{"CPU of a warm one", "ms", WarmCPU + delayOf(r.DelaysMS[0])}, panel{"peak memory", "MB", PeakMemory})
	if r.Quota.Rounds > 0 {
		under := fmt.Sprintf(" at %g %% of a core", r.Quota.Percent)
		panels = append(panels, panel{"start" + under, "ms", UnderQuota + Start}, panel{"first" + under, "ms", UnderQuota + First},
			panel{"warm" + under, "ms", UnderQuota + WarmP50 + delayOf(r.DelaysMS[0])})
	}
	var bands [][]panel
	for len(panels) > 0 {
		n := min(3, len(panels))
		bands, panels = append(bands, panels[:n]), panels[n:]
	}
	return bands
}

// band draws panels beside each other and returns where the next one begins.
func (p *plot) band(r *Report, panels []panel, y float64) float64 {
	var rows []Program
	for _, program := range r.Programs {
		for _, one := range panels {
			if _, measured := program.Figures[one.metric]; measured {
				rows = append(rows, program)
				break
			}
		}
	}
	if len(rows) == 0 {
		return y
	}
	top := y + headHeight
	for i, row := range rows {
		p.text(namesWidth-8, top+float64(i)*rowHeight+17, "", "end", row.Label)
	}
	for i, one := range panels {
		p.panel(rows, one, namesWidth+float64(i)*(panelWidth+panelGap), y)
	}
	return top + float64(len(rows))*rowHeight + bandGap - 20
}

// panel draws one metric of all rows.
func (p *plot) panel(rows []Program, one panel, x, y float64) {
	low, high := math.Inf(1), 0.0
	for _, row := range rows {
		if figure, measured := row.Figures[one.metric]; measured && figure.Min > 0 {
			low, high = min(low, figure.Min), max(high, figure.Max)
		}
	}
	if high == 0 {
		return
	}
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if to <= from {
		to = from + 1
	}
	at := func(value float64) float64 {
		return x + (math.Log10(value)-from)/(to-from)*(panelWidth-valueRoom)
	}
	p.text(x, y+32, "head", "start", one.title+", "+one.unit)
	top, bottom := y+headHeight, y+headHeight+float64(len(rows))*rowHeight
	for power := from; power <= to; power++ {
		p.element(`<line class="grid" x1="%.1f" y1="%.0f" x2="%.1f" y2="%.0f"/>`, at(math.Pow(10, power)), top-4, at(math.Pow(10, power)), bottom)
		if to-from > 3 && int(power-from)%2 == 1 {
			continue // their numbers would touch
		}
		p.text(at(math.Pow(10, power)), y+52, "small", "middle", strconv.FormatFloat(math.Pow(10, power), 'f', -1, 64))
	}
	for i, row := range rows {
		figure, measured := row.Figures[one.metric]
		if !measured || figure.Min <= 0 {
			continue
		}
		middle := top + float64(i)*rowHeight + 12
		class := "ours"
		switch row.Name {
		case Floor:
			class = "floor"
		case Python, Node:
			class = "other"
		}
		p.element(`<line class="range" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, at(figure.Min), middle, at(figure.Max), middle)
		p.element(`<circle class="%s" cx="%.1f" cy="%.1f" r="5"/>`, class, at(figure.Median), middle)
		value := number(figure.Median)
		if figure.ToFloor > 0 && row.Name != Floor {
			value += "  ×" + number(figure.ToFloor)
		}
		p.text(max(at(figure.Max), at(figure.Median))+9, middle+4, "value", "start", value)
	}
}

// load draws how cost grows: one chart for each thing, beside each other.
func (p *plot) load(load *Load, y float64) float64 {
	p.text(20, y+32, "head", "start", "CPU of an attempt as things grow, ms")
	y += 46
	width := (plotWidth - 40 - 3*panelGap) / 4.0
	for i, series := range load.Series {
		p.chart(series, 20+float64(i)*(width+panelGap), y, width)
	}
	return y + chartHeight + 72
}

func (p *plot) chart(series Series, x, y, width float64) {
	highest, most := 0.0, 1.0
	for _, point := range series.Points {
		highest, most = max(highest, point.CPU.Median), max(most, float64(point.N))
	}
	if highest == 0 {
		return
	}
	bottom := y + 44 + chartHeight
	at := func(point Point) (float64, float64) {
		return x + 16 + float64(point.N)/most*(width-40), bottom - point.CPU.Median/highest*(chartHeight-16)
	}
	p.text(x, y+12, "small", "start", series.Title)
	p.text(x, y+28, "value", "start", series.Growth.Verdict)
	p.element(`<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, x, bottom, x+width, bottom)
	var way []string
	for _, point := range series.Points {
		px, py := at(point)
		way = append(way, fmt.Sprintf("%.1f,%.1f", px, py))
	}
	p.element(`<polyline class="line" points="%s"/>`, strings.Join(way, " "))
	for i, point := range series.Points {
		px, py := at(point)
		p.element(`<circle class="ours" cx="%.1f" cy="%.1f" r="4"/>`, px, py)
		if i == 0 || i == len(series.Points)-1 {
			p.text(px, py-9, "value", "middle", number(point.CPU.Median))
			p.text(px, bottom+16, "small", "middle", strconv.Itoa(point.N))
		}
	}
}
