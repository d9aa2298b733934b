"""The critic: which picture fits which words, which story holds together, which board people prefer."""
