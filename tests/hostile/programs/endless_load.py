# hostile: an endless loop while the file is loaded
# line: B1
# verdict: timeout
while True:
    pass
