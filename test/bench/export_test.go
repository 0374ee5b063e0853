package bench

// What the tests see of the inside.
const ProductionTags = productionTags

func Summarize(rounds, floor []map[string]float64) map[string]Figure {
	samples := func(list []map[string]float64) (all []sample) {
		for _, one := range list {
			all = append(all, one)
		}
		return all
	}
	return summarize(samples(rounds), samples(floor))
}

func GrowthOf(points []Point) Growth { return growthOf(points) }
