package bench

import (
	"math"
	"slices"
	"time"
)

// Figure is what the rounds gave for one program and one metric.
type Figure struct {
	// Median, Min and Max are over the rounds.
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// ToFloor is the median of the ratios to the floor program, or zero without one.
	// Each ratio is within one round: a machine that slows down slows both.
	ToFloor float64 `json:"to_floor,omitempty"`
}

// sample is what one round gave for one program, by metric.
type sample map[string]float64

// summarize makes figures of the rounds of one program. The rounds of the floor
// stand at the same places.
func summarize(rounds, floor []sample) map[string]Figure {
	figures := make(map[string]Figure)
	for _, metric := range metricsOf(rounds) {
		var values, ratios []float64
		for i, round := range rounds {
			value, measured := round[metric]
			if !measured {
				continue
			}
			values = append(values, value)
			if i < len(floor) && floor[i][metric] > 0 {
				ratios = append(ratios, value/floor[i][metric])
			}
		}
		figures[metric] = Figure{Median: median(values), Min: slices.Min(values), Max: slices.Max(values), ToFloor: median(ratios)}
	}
	return figures
}

func metricsOf(rounds []sample) []string {
	var metrics []string
	for _, round := range rounds {
		for metric := range round {
			if !slices.Contains(metrics, metric) {
				metrics = append(metrics, metric)
			}
		}
	}
	return metrics
}

// median is the middle of the values, the mean of the two middle ones where
// their number is even, and zero of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// quantile is the smallest of the values that a share of them does not exceed.
func quantile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

const megabyte = 1e6
