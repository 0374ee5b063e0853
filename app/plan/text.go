package plan

import (
	"fmt"
	"io"
	"strings"
)

// WriteText prints the plan as tables of at most 80 columns.
func WriteText(to io.Writer, r Result) error {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %-55s %21s\n", name, value) }
	share := func(part float64) string { return fmt.Sprintf("%.1f %%", 100*part) }
	p := r.Peak
	fmt.Fprintf(&b, "The busiest hour (day %d after the cut-over)\n", p.Day)
	line("users who have not moved yet", fmt.Sprint(r.Users))
	line("sign-ins of users who have not moved, that day", fmt.Sprint(p.SignInsPerDay))
	line("sign-ins per second", fmt.Sprintf("%.1f", p.SignInsPerSecond))
	line("attempts per second, with retries and wrong passwords", fmt.Sprintf("%.1f", p.AttemptsPerSecond))
	line("sign-ins that succeed per second", fmt.Sprintf("%.1f", p.ServedPerSecond))
	line("Lambda invocations at a time, mean and most", fmt.Sprintf("%.0f and %.0f", p.Concurrency.Mean, p.Concurrency.Max))
	if p.Concurrency.Limit > 0 {
		line("  limit of the account", fmt.Sprint(p.Concurrency.Limit))
	}
	if p.Source.Use > 0 {
		line("use of the source's capacity", share(p.Source.Use))
		line("requests that wait for the source", share(p.Source.WaitedShare))
	}

	fmt.Fprintf(&b, "\nDemand at the peak against the quotas, requests per second\n")
	fmt.Fprintf(&b, "  %-12s %-19s %9s %9s %9s %8s %s\n", "account", "category", "sign-ins", "queued", "quota", "used", "")
	for _, q := range r.Quotas {
		quota, used, mark := "none", "", ""
		if q.Quota > 0 {
			quota, used = fmt.Sprintf("%.0f", q.Quota), fmt.Sprintf("%.0f %%", 100*q.Use)
			if q.Use > 1 {
				mark = "!"
			}
		}
		fmt.Fprintf(&b, "  %-12s %-19s %9.1f %9.1f %9s %8s %s\n", q.Account, q.Category, q.PerSecond, q.Queued, quota, used, mark)
	}
	fmt.Fprintf(&b, "  quotas: %s\n", originsOf(r.Quotas))

	fmt.Fprintf(&b, "\nSign-ins above the limits, in the busiest hour\n")
	line("attempts that are throttled", share(p.Throttled.AttemptsShare))
	line("attempts that the source does not answer in time", share(p.Throttled.TimedOutShare))
	line("sign-ins with a failed attempt", share(p.Throttled.SignInsShare))
	line("  they wait for success, mean and 95th percentile", fmt.Sprintf("%.0f s and %.0f s", p.Throttled.WaitMean, p.Throttled.WaitP95))
	line("sign-ins without success on that day", share(p.Throttled.GaveUpShare))

	fmt.Fprintf(&b, "\nWhen will users have moved?\n")
	for _, d := range r.Days {
		day := "over ten years, or never"
		if d.Day != nil {
			day = fmt.Sprintf("day %d", *d.Day)
		}
		fmt.Fprintf(&b, "  %-51s %25s\n", fmt.Sprintf("%g %% of all users", 100*d.Share), day)
	}

	fmt.Fprintf(&b, "\nCost of the first 30 days\n")
	for _, part := range r.MonthlyCost.Items {
		line(fmt.Sprintf("%s (%.0f)", part.Name, part.Quantity), fmt.Sprintf("%.2f USD", part.USD))
	}
	line("together", fmt.Sprintf("%.2f USD", r.MonthlyCost.USD))
	for _, assumption := range r.MonthlyCost.Assumptions {
		wrapped(&b, "assumption: "+assumption)
	}

	fmt.Fprintf(&b, "\nWhat helps?\n")
	if p.Throttled.SignInsShare < 0.005 {
		wrapped(&b, "Nothing is needed: fewer than 0.5 % of the sign-ins fail a try.")
	}
	for _, a := range r.Advice {
		verdict := "does not help: "
		if a.Helps {
			verdict = "helps: "
		} else if p.Throttled.SignInsShare < 0.005 {
			verdict = "not needed: "
		}
		wrapped(&b, fmt.Sprintf("%s%s (%s of the sign-ins fail an attempt, %s give up, the fullest quota is %.0f %% used)",
			verdict, a.Change, share(a.SignInsShare), share(a.GaveUpShare), 100*a.Use))
	}
	fmt.Fprintf(&b, "\nA simulation with seed %d. docs/plan.md describes the model.\n", r.Seed)
	_, err := io.WriteString(to, b.String())
	return err
}

// originsOf says where the quotas come from.
func originsOf(quotas []QuotaResult) string {
	var told []string
	for _, origin := range []struct {
		of   Origin
		text string
	}{
		{OriginDefault, "documented defaults"}, {OriginAccount, "the account's own"}, {OriginGiven, "given by flags"},
	} {
		var names []string
		for _, quota := range quotas {
			if quota.Origin == string(origin.of) {
				names = append(names, quota.Account)
			}
		}
		if len(names) > 0 {
			told = append(told, fmt.Sprintf("%d %s", len(names), origin.text))
		}
	}
	return strings.Join(told, ", ")
}

// wrapped writes a text in lines of at most 78 columns, indented.
func wrapped(b *strings.Builder, text string) {
	const most = 78
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			b.WriteString("  ")
			column = 2
		case column+1+len(word) > most:
			b.WriteString("\n    ")
			column = 4
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteString("\n")
}
