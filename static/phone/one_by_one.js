// one_by_one
