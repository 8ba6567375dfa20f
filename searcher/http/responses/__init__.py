"""The bodies of responses, besides those that are answers of `searcher.answers` as they are."""
