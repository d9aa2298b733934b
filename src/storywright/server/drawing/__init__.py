"""Where drawing happens: orders wait in a queue, are drawn together where they are alike, in processes of their own.

`work` says what can be asked for, `waiting` who is next, `bench` holds the opened models, `process` puts a bench into a
process, `room` brings them together, and `asking` gives whoever draws models that ask the room.
"""
