"""The benchmarks count and judge as they say, and still run."""
