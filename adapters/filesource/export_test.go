package filesource

// CountHashes counts what the directory computes of hashes from now on, by family.
func CountHashes(d *Directory) (units func() map[string]int) { return d.now().checker.CountHashes() }
